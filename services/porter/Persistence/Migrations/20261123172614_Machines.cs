using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HyperBdr.Porter.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Machines : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<byte[]>(
                name: "key_hash",
                table: "enrolment_tokens",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "machine_id",
                table: "enrolment_tokens",
                type: "uuid",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "commands",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    machine_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    sealed_payload = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    finished_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    result = table.Column<byte[]>(type: "bytea", nullable: true),
                    xmin = table.Column<uint>(type: "xid", rowVersion: true, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_commands", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "machine_certificates",
                columns: table => new
                {
                    thumbprint = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    machine_id = table.Column<Guid>(type: "uuid", nullable: false),
                    public_key = table.Column<byte[]>(type: "bytea", nullable: false),
                    certificate = table.Column<byte[]>(type: "bytea", nullable: false),
                    issuer = table.Column<byte[]>(type: "bytea", nullable: false),
                    issued_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_machine_certificates", x => x.thumbprint);
                });

            migrationBuilder.CreateTable(
                name: "machines",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    hardware_serial = table.Column<string>(type: "text", nullable: false),
                    agent_version = table.Column<string>(type: "text", nullable: false),
                    availability = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: true),
                    inventory = table.Column<string>(type: "jsonb", nullable: false),
                    settings = table.Column<string>(type: "jsonb", nullable: false),
                    public_key = table.Column<byte[]>(type: "bytea", nullable: false),
                    address = table.Column<string>(type: "text", nullable: true),
                    enrolled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    connected_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    changed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    session_id = table.Column<Guid>(type: "uuid", nullable: true),
                    replica = table.Column<Guid>(type: "uuid", nullable: true),
                    instance = table.Column<string>(type: "text", nullable: true),
                    superseded = table.Column<string>(type: "jsonb", nullable: false),
                    xmin = table.Column<uint>(type: "xid", rowVersion: true, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_machines", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "presences",
                columns: table => new
                {
                    machine_id = table.Column<Guid>(type: "uuid", nullable: false),
                    last_seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    memory_bytes = table.Column<long>(type: "bigint", nullable: false),
                    cpu_percent = table.Column<float>(type: "real", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_presences", x => x.machine_id);
                });

            migrationBuilder.CreateTable(
                name: "tenant_authorities",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    certificate = table.Column<byte[]>(type: "bytea", nullable: false),
                    sealed_key = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tenant_authorities", x => x.tenant_id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_commands_finished_at",
                table: "commands",
                column: "finished_at");

            migrationBuilder.CreateIndex(
                name: "ix_commands_machine_id_created_at",
                table: "commands",
                columns: new[] { "machine_id", "created_at" },
                filter: "state IN ('Waiting', 'Received')");

            migrationBuilder.CreateIndex(
                name: "ix_machine_certificates_machine_id",
                table: "machine_certificates",
                column: "machine_id");

            migrationBuilder.CreateIndex(
                name: "ix_machines_changed_at",
                table: "machines",
                column: "changed_at");

            migrationBuilder.CreateIndex(
                name: "ix_machines_tenant_id_hardware_serial",
                table: "machines",
                columns: new[] { "tenant_id", "hardware_serial" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "commands");

            migrationBuilder.DropTable(
                name: "machine_certificates");

            migrationBuilder.DropTable(
                name: "machines");

            migrationBuilder.DropTable(
                name: "presences");

            migrationBuilder.DropTable(
                name: "tenant_authorities");

            migrationBuilder.DropColumn(
                name: "key_hash",
                table: "enrolment_tokens");

            migrationBuilder.DropColumn(
                name: "machine_id",
                table: "enrolment_tokens");
        }
    }
}
