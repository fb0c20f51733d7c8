using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace StableDiffusion.Coordinator.Migrations
{
    /// <inheritdoc />
    public partial class OwnersAge : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "created_at",
                table: "owners",
                type: "timestamp with time zone",
                nullable: false,
                defaultValueSql: "now()");

            // a farm that is there already is at least as old as its first batch
            migrationBuilder.Sql("UPDATE owners SET created_at = COALESCE((SELECT min(created_at) FROM batches), created_at)");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "created_at",
                table: "owners");
        }
    }
}
