using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HyperBdr.Storplus.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Repositories : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<byte[]>(
                name: "authority",
                table: "pools",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "gateway_id",
                table: "pools",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "sealed_reader",
                table: "pools",
                type: "bytea",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "host_retentions",
                columns: table => new
                {
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    quota = table.Column<int>(type: "integer", nullable: false),
                    time_zone = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    rules = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_host_retentions", x => new { x.tenant_id, x.host_id });
                });

            migrationBuilder.CreateTable(
                name: "repositories",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    pool_id = table.Column<Guid>(type: "uuid", nullable: false),
                    engine_id = table.Column<Guid>(type: "uuid", nullable: true),
                    sealed_key = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    used_bytes = table.Column<long>(type: "bigint", nullable: false),
                    measured_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    collection_due = table.Column<bool>(type: "boolean", nullable: false),
                    damaged = table.Column<bool>(type: "boolean", nullable: false),
                    nearly_full = table.Column<bool>(type: "boolean", nullable: false),
                    unreachable = table.Column<bool>(type: "boolean", nullable: false),
                    escrow_fingerprint = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    escrowed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_repositories", x => x.id);
                    table.ForeignKey(
                        name: "fk_repositories_pools_pool_id",
                        column: x => x.pool_id,
                        principalTable: "pools",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "capacity_samples",
                columns: table => new
                {
                    repository_id = table.Column<Guid>(type: "uuid", nullable: false),
                    day = table.Column<DateOnly>(type: "date", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    used_bytes = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_capacity_samples", x => new { x.repository_id, x.day });
                    table.ForeignKey(
                        name: "fk_capacity_samples_repositories_repository_id",
                        column: x => x.repository_id,
                        principalTable: "repositories",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "maintenance_runs",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    repository_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    state = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    lease_owner = table.Column<Guid>(type: "uuid", nullable: true),
                    lease_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    cancel_requested = table.Column<bool>(type: "boolean", nullable: false),
                    code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    message = table.Column<string>(type: "text", nullable: true),
                    result = table.Column<string>(type: "jsonb", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_maintenance_runs", x => x.id);
                    table.ForeignKey(
                        name: "fk_maintenance_runs_repositories_repository_id",
                        column: x => x.repository_id,
                        principalTable: "repositories",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "points",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    point_id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    host_name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    pool_id = table.Column<Guid>(type: "uuid", nullable: false),
                    repository_id = table.Column<Guid>(type: "uuid", nullable: false),
                    state = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true),
                    taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    done_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    consistency = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    mode = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    disks = table.Column<string>(type: "jsonb", nullable: false),
                    length_bytes = table.Column<long>(type: "bigint", nullable: false),
                    read_bytes = table.Column<long>(type: "bigint", nullable: false),
                    unchanged_bytes = table.Column<long>(type: "bigint", nullable: false),
                    deduplicated_bytes = table.Column<long>(type: "bigint", nullable: false),
                    added_bytes = table.Column<long>(type: "bigint", nullable: false),
                    stored_bytes = table.Column<long>(type: "bigint", nullable: false),
                    sent_bytes = table.Column<long>(type: "bigint", nullable: false),
                    day_ordinal = table.Column<int>(type: "integer", nullable: false),
                    week_ordinal = table.Column<int>(type: "integer", nullable: false),
                    month_ordinal = table.Column<int>(type: "integer", nullable: false),
                    year_ordinal = table.Column<int>(type: "integer", nullable: false),
                    hold_reason = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: true),
                    held_by = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: true),
                    held_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    delete_reason = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: true),
                    xmin = table.Column<uint>(type: "xid", rowVersion: true, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_points", x => x.id);
                    table.ForeignKey(
                        name: "fk_points_repositories_repository_id",
                        column: x => x.repository_id,
                        principalTable: "repositories",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "write_sessions",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    task_id = table.Column<Guid>(type: "uuid", nullable: false),
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    host_name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    pool_id = table.Column<Guid>(type: "uuid", nullable: false),
                    repository_id = table.Column<Guid>(type: "uuid", nullable: false),
                    state = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    parent_point_id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    clean_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    xmin = table.Column<uint>(type: "xid", rowVersion: true, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_write_sessions", x => x.id);
                    table.ForeignKey(
                        name: "fk_write_sessions_repositories_repository_id",
                        column: x => x.repository_id,
                        principalTable: "repositories",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_maintenance_runs_one_running",
                table: "maintenance_runs",
                column: "repository_id",
                unique: true,
                filter: "state = 'Running'");

            migrationBuilder.CreateIndex(
                name: "ix_maintenance_runs_repository_id_kind",
                table: "maintenance_runs",
                columns: new[] { "repository_id", "kind" },
                unique: true,
                filter: "state in ('Waiting', 'Running')");

            migrationBuilder.CreateIndex(
                name: "ix_points_repository_id",
                table: "points",
                column: "repository_id");

            migrationBuilder.CreateIndex(
                name: "ix_points_tenant_id_host_id_taken_at",
                table: "points",
                columns: new[] { "tenant_id", "host_id", "taken_at" });

            migrationBuilder.CreateIndex(
                name: "ix_points_tenant_id_point_id",
                table: "points",
                columns: new[] { "tenant_id", "point_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_repositories_pool_id",
                table: "repositories",
                column: "pool_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_write_sessions_repository_id",
                table: "write_sessions",
                column: "repository_id");

            migrationBuilder.CreateIndex(
                name: "ix_write_sessions_tenant_id_task_id",
                table: "write_sessions",
                columns: new[] { "tenant_id", "task_id" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "capacity_samples");

            migrationBuilder.DropTable(
                name: "host_retentions");

            migrationBuilder.DropTable(
                name: "maintenance_runs");

            migrationBuilder.DropTable(
                name: "points");

            migrationBuilder.DropTable(
                name: "write_sessions");

            migrationBuilder.DropTable(
                name: "repositories");

            migrationBuilder.DropColumn(
                name: "authority",
                table: "pools");

            migrationBuilder.DropColumn(
                name: "gateway_id",
                table: "pools");

            migrationBuilder.DropColumn(
                name: "sealed_reader",
                table: "pools");
        }
    }
}
