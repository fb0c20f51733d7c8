using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace StableDiffusion.Coordinator.Migrations
{
    /// <inheritdoc />
    public partial class ImagePeakMemory : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "peak_memory",
                table: "images",
                type: "bigint",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "peak_memory",
                table: "images");
        }
    }
}
