using System;
using System.Collections.Generic;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace StableDiffusion.Coordinator.Migrations
{
    /// <inheritdoc />
    public partial class SettingsAsJson : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // the settings of before, with what was the only way then; columns that are searched by are drawn from them from now on
            migrationBuilder.Sql("""
                ALTER TABLE images ADD COLUMN settings jsonb, ADD COLUMN group_key text;
                UPDATE images SET
                    settings = jsonb_build_object(
                        'model', model, 'prompt', prompt, 'negative_prompt', negative_prompt, 'prompt_syntax', 'plain',
                        'seed', seed, 'steps', steps, 'cfg_scale', cfg_scale, 'width', width, 'height', height,
                        'sampler_name', sampler_name, 'scheduler', 'Automatic'),
                    group_key = 'old-' || md5(concat_ws('/', model, steps, cfg_scale, width, height, sampler_name));
                DROP INDEX ix_images_queued;
                ALTER TABLE images
                    DROP COLUMN model, DROP COLUMN prompt, DROP COLUMN negative_prompt, DROP COLUMN seed, DROP COLUMN cfg_scale,
                    DROP COLUMN width, DROP COLUMN height, DROP COLUMN sampler_name;
                ALTER TABLE images
                    ALTER COLUMN settings SET NOT NULL, ALTER COLUMN group_key SET NOT NULL,
                    ADD COLUMN model text NOT NULL GENERATED ALWAYS AS (settings->>'model') STORED,
                    ADD COLUMN prompt text NOT NULL GENERATED ALWAYS AS (settings->>'prompt') STORED,
                    ADD COLUMN seed bigint NOT NULL GENERATED ALWAYS AS ((settings->>'seed')::bigint) STORED;
                """);

            migrationBuilder.CreateIndex(
                name: "ix_images_queued",
                table: "images",
                columns: new[] { "model", "position" },
                filter: "state = 'queued'");

            migrationBuilder.AddColumn<long>(
                name: "peak_memory",
                table: "images",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "live_preview",
                table: "images",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<byte[]>(
                name: "preview",
                table: "images",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<List<string>>(
                name: "adapters",
                table: "workers",
                type: "text[]",
                nullable: false,
                defaultValueSql: "'{}'");

            migrationBuilder.AddColumn<int>(
                name: "batch_class",
                table: "models",
                type: "integer",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<string>(
                name: "family",
                table: "models",
                type: "text",
                nullable: false,
                defaultValueSql: "'sd1'");

            migrationBuilder.AddColumn<bool>(
                name: "inpainting",
                table: "models",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.CreateTable(
                name: "adapters",
                columns: table => new
                {
                    kind = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    hash = table.Column<string>(type: "text", nullable: false),
                    reported_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_adapters", x => new { x.kind, x.name });
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            foreach (var column in new[] { "peak_memory", "live_preview", "preview" })
            {
                migrationBuilder.DropColumn(
                    name: column,
                    table: "images");
            }

            migrationBuilder.DropTable(
                name: "adapters");

            migrationBuilder.DropColumn(
                name: "adapters",
                table: "workers");

            migrationBuilder.DropColumn(
                name: "batch_class",
                table: "models");

            migrationBuilder.DropColumn(
                name: "inpainting",
                table: "models");

            migrationBuilder.DropColumn(
                name: "family",
                table: "models");

            // what had no column before is lost
            migrationBuilder.Sql("""
                DROP INDEX ix_images_queued;
                ALTER TABLE images DROP COLUMN model, DROP COLUMN prompt, DROP COLUMN seed, DROP COLUMN group_key;
                ALTER TABLE images
                    ADD COLUMN model text, ADD COLUMN prompt text, ADD COLUMN negative_prompt text, ADD COLUMN seed bigint,
                    ADD COLUMN cfg_scale double precision, ADD COLUMN width integer, ADD COLUMN height integer, ADD COLUMN sampler_name text;
                UPDATE images SET
                    model = settings->>'model', prompt = settings->>'prompt', negative_prompt = settings->>'negative_prompt',
                    seed = (settings->>'seed')::bigint, steps = (settings->>'steps')::integer, cfg_scale = (settings->>'cfg_scale')::double precision,
                    width = (settings->>'width')::integer, height = (settings->>'height')::integer, sampler_name = settings->>'sampler_name';
                ALTER TABLE images
                    DROP COLUMN settings, ALTER COLUMN model SET NOT NULL, ALTER COLUMN prompt SET NOT NULL, ALTER COLUMN negative_prompt SET NOT NULL,
                    ALTER COLUMN seed SET NOT NULL, ALTER COLUMN cfg_scale SET NOT NULL, ALTER COLUMN width SET NOT NULL,
                    ALTER COLUMN height SET NOT NULL, ALTER COLUMN sampler_name SET NOT NULL;
                CREATE INDEX ix_images_queued ON images (model, position) WHERE state = 'queued';
                """);
        }
    }
}
