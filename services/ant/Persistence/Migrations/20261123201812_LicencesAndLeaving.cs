using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HyperBdr.Ant.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class LicencesAndLeaving : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "change_bytes_per_day",
                table: "hosts",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "synced_disks",
                table: "hosts",
                type: "jsonb",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "taken_over_at",
                table: "hosts",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "licences",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    units = table.Column<int>(type: "integer", nullable: false),
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_licences", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "licence_units",
                columns: table => new
                {
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    licence_id = table.Column<Guid>(type: "uuid", nullable: false),
                    taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    released_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_licence_units", x => x.host_id);
                    table.ForeignKey(
                        name: "fk_licence_units_licences_licence_id",
                        column: x => x.licence_id,
                        principalTable: "licences",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "ix_licence_units_licence_id",
                table: "licence_units",
                column: "licence_id");

            migrationBuilder.CreateIndex(
                name: "ix_licences_tenant_id",
                table: "licences",
                column: "tenant_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "licence_units");

            migrationBuilder.DropTable(
                name: "licences");

            migrationBuilder.DropColumn(
                name: "change_bytes_per_day",
                table: "hosts");

            migrationBuilder.DropColumn(
                name: "synced_disks",
                table: "hosts");

            migrationBuilder.DropColumn(
                name: "taken_over_at",
                table: "hosts");
        }
    }
}
