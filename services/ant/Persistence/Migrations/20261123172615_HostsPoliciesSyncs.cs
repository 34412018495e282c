using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HyperBdr.Ant.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class HostsPoliciesSyncs : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "inputs",
                table: "tasks",
                type: "jsonb",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "progress",
                table: "tasks",
                type: "jsonb",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "run_id",
                table: "tasks",
                type: "uuid",
                nullable: false,
                defaultValue: new Guid("00000000-0000-0000-0000-000000000000"));

            // Tasks of before have one run, named as they are.
            migrationBuilder.Sql("update tasks set run_id = id;");

            migrationBuilder.AddColumn<bool>(
                name: "wait_reported",
                table: "tasks",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.CreateTable(
                name: "host_ticks",
                columns: table => new
                {
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    mode = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    policy_id = table.Column<Guid>(type: "uuid", nullable: false),
                    decided_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    missed = table.Column<long>(type: "bigint", nullable: false),
                    decision = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    task_id = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_host_ticks", x => new { x.host_id, x.mode, x.at });
                });

            migrationBuilder.CreateTable(
                name: "paused_tenants",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_paused_tenants", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "policies",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    direction = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    quota = table.Column<int>(type: "integer", nullable: false),
                    time_zone = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    start_time = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    body = table.Column<string>(type: "jsonb", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    handled_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    next_tick_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_policies", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sync_remains",
                columns: table => new
                {
                    run_id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    session_id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    stop_command_id = table.Column<Guid>(type: "uuid", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sync_remains", x => x.run_id);
                });

            migrationBuilder.CreateTable(
                name: "hosts",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    kind = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    version = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    health = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    health_reason = table.Column<string>(type: "text", nullable: true),
                    health_since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    stage = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    status = table.Column<string>(type: "character varying(24)", maxLength: 24, nullable: false),
                    fault_code = table.Column<string>(type: "character varying(96)", maxLength: 96, nullable: true),
                    fault_reason = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    facts = table.Column<string>(type: "jsonb", nullable: true),
                    facts_are_stale = table.Column<bool>(type: "boolean", nullable: false),
                    problems = table.Column<string>(type: "jsonb", nullable: false),
                    pool_id = table.Column<Guid>(type: "uuid", nullable: true),
                    pool_name = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    excluded_disks = table.Column<string>(type: "jsonb", nullable: false),
                    recovery_settings = table.Column<string>(type: "jsonb", nullable: true),
                    policy_id = table.Column<Guid>(type: "uuid", nullable: true),
                    current_task_id = table.Column<Guid>(type: "uuid", nullable: true),
                    last_sync_started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_sync_ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_sync_mode = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: true),
                    last_sync_note = table.Column<string>(type: "text", nullable: true),
                    last_point_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: true),
                    last_point_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    needs_full = table.Column<string>(type: "text", nullable: true),
                    last_mbps = table.Column<decimal>(type: "numeric", nullable: true),
                    pending_full_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_hosts", x => x.id);
                    table.ForeignKey(
                        name: "fk_hosts_policies_policy_id",
                        column: x => x.policy_id,
                        principalTable: "policies",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "ix_tasks_pending",
                table: "tasks",
                column: "tenant_id",
                filter: "status = 'Pending'");

            migrationBuilder.CreateIndex(
                name: "ix_tasks_tenant_id_source_id",
                table: "tasks",
                columns: new[] { "tenant_id", "source_id" });

            migrationBuilder.CreateIndex(
                name: "ix_host_ticks_decided_at",
                table: "host_ticks",
                column: "decided_at");

            migrationBuilder.CreateIndex(
                name: "ix_hosts_pending_full",
                table: "hosts",
                column: "pending_full_at",
                filter: "pending_full_at is not null");

            migrationBuilder.CreateIndex(
                name: "ix_hosts_policy_id",
                table: "hosts",
                column: "policy_id");

            migrationBuilder.CreateIndex(
                name: "ix_hosts_stale",
                table: "hosts",
                column: "id",
                filter: "facts_are_stale");

            migrationBuilder.CreateIndex(
                name: "ix_hosts_tenant_id_id",
                table: "hosts",
                columns: new[] { "tenant_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_policies_next_tick_at",
                table: "policies",
                column: "next_tick_at");

            migrationBuilder.CreateIndex(
                name: "ix_policies_tenant_id_name",
                table: "policies",
                columns: new[] { "tenant_id", "direction", "name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_sync_remains_due_at",
                table: "sync_remains",
                column: "due_at");

            migrationBuilder.CreateIndex(
                name: "ix_sync_remains_host_id",
                table: "sync_remains",
                column: "host_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "host_ticks");

            migrationBuilder.DropTable(
                name: "hosts");

            migrationBuilder.DropTable(
                name: "paused_tenants");

            migrationBuilder.DropTable(
                name: "sync_remains");

            migrationBuilder.DropTable(
                name: "policies");

            migrationBuilder.DropIndex(
                name: "ix_tasks_pending",
                table: "tasks");

            migrationBuilder.DropIndex(
                name: "ix_tasks_tenant_id_source_id",
                table: "tasks");

            migrationBuilder.DropColumn(
                name: "inputs",
                table: "tasks");

            migrationBuilder.DropColumn(
                name: "progress",
                table: "tasks");

            migrationBuilder.DropColumn(
                name: "run_id",
                table: "tasks");

            migrationBuilder.DropColumn(
                name: "wait_reported",
                table: "tasks");
        }
    }
}
