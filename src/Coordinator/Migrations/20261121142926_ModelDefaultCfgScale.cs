using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace StableDiffusion.Coordinator.Migrations
{
    /// <inheritdoc />
    public partial class ModelDefaultCfgScale : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<double>(
                name: "default_cfg_scale",
                table: "models",
                type: "double precision",
                nullable: false,
                defaultValue: 7.0);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "default_cfg_scale",
                table: "models");
        }
    }
}
