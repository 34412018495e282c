using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HyperBdr.Storplus.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class MeasuredPoints : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "unlisted",
                table: "repositories",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "free_bytes",
                table: "pools",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "measured_at",
                table: "pools",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "total_bytes",
                table: "pools",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "consistency_reason",
                table: "points",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "damage",
                table: "points",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "duration_us",
                table: "points",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "freeze_us",
                table: "points",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<string>(
                name: "mode_reason",
                table: "points",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "warnings",
                table: "points",
                type: "jsonb",
                nullable: false,
                defaultValueSql: "'[]'::jsonb");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "unlisted",
                table: "repositories");

            migrationBuilder.DropColumn(
                name: "free_bytes",
                table: "pools");

            migrationBuilder.DropColumn(
                name: "measured_at",
                table: "pools");

            migrationBuilder.DropColumn(
                name: "total_bytes",
                table: "pools");

            migrationBuilder.DropColumn(
                name: "consistency_reason",
                table: "points");

            migrationBuilder.DropColumn(
                name: "damage",
                table: "points");

            migrationBuilder.DropColumn(
                name: "duration_us",
                table: "points");

            migrationBuilder.DropColumn(
                name: "freeze_us",
                table: "points");

            migrationBuilder.DropColumn(
                name: "mode_reason",
                table: "points");

            migrationBuilder.DropColumn(
                name: "warnings",
                table: "points");
        }
    }
}
