using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Migrations;

public sealed class MigrationTests(Databases databases)
{
    [Fact]
    public async Task The_migrations_make_the_model()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.EmptyAsync());
        Assert.False(host.Db.Database.HasPendingModelChanges());
        Assert.Empty(await host.Db.Database.GetPendingMigrationsAsync(Token));
        await host.SubmitAsync(1);
    }

    [Fact]
    public async Task Images_of_the_layout_with_a_column_a_setting_are_kept_with_their_settings()
    {
        var database = await databases.EmptyAsync();
        await using (var db = new FarmDb(new DbContextOptionsBuilder<FarmDb>().UseNpgsql(database).Options))
        {
            await db.GetService<IMigrator>().MigrateAsync("WorkerFaults", Token);
            await db.Database.ExecuteSqlRawAsync("""
                INSERT INTO batches (id, created_at) VALUES ('0199d8a0-0000-7000-8000-000000000001', now());
                INSERT INTO images (id, batch_id, index, created_at, state, attempts, failures, step, sequence, model, prompt, negative_prompt, seed, steps,
                    cfg_scale, width, height, sampler_name)
                SELECT gen_random_uuid(), '0199d8a0-0000-7000-8000-000000000001', i, now(), 'queued', 0, 0, 0, 0, 'tiny', 'a "red" circle, größe', 'ugly',
                    9007199254740990 + i, 25, 7.1, 64, CASE i WHEN 2 THEN 128 ELSE 72 END, 'Euler'
                FROM generate_series(0, 2) i
                """, Token);
        }

        await using var host = await CoordinatorHost.StartAsync(database);
        await host.ReportWorkerAsync();
        var images = await host.Db.Images.AsNoTracking().OrderBy(image => image.Index).ToListAsync(Token);
        Assert.Equal(
            new ImageSettings
            {
                Model = "tiny",
                Prompt = "a \"red\" circle, größe",
                NegativePrompt = "ugly",
                PromptSyntax = PromptSyntax.Plain, // there was no other reading
                Seed = 9007199254740990,
                Steps = 25,
                CfgScale = 7.1,
                Width = 64,
                Height = 72,
                SamplerName = "Euler",
            },
            images[0].Settings);
        Assert.Equal(("tiny", images[0].Settings.Prompt, 9007199254740991, 25), (images[1].Model, images[1].Prompt, images[1].Seed, images[1].Steps));
        Assert.Equal((true, false), (images[0].GroupKey == images[1].GroupKey, images[0].GroupKey == images[2].GroupKey));
        Assert.Equal(3, await host.RunRoundAsync());
        Assert.Equal(3, (await host.GetAsync<Page<BatchResponse>>("/v1/batches")).Items.Single().Counts.Dispatched);
    }

    [Fact]
    public async Task The_layout_with_a_column_a_setting_can_be_gone_back_to()
    {
        var database = await databases.EmptyAsync();
        await using var host = await CoordinatorHost.StartAsync(database);
        await host.SubmitAsync(2);
        await host.Db.GetService<IMigrator>().MigrateAsync("WorkerFaults", Token);
        Assert.Equal(2, await host.Db.Database.SqlQuery<int>($"SELECT count(*)::int AS \"Value\" FROM images WHERE model = 'tiny' AND steps = 20 AND width = 64 AND sampler_name = 'Euler'").SingleAsync(Token));
    }

    [Fact]
    public async Task Several_coordinators_may_start_on_an_empty_database_at_once()
    {
        var database = await databases.EmptyAsync();
        var hosts = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => CoordinatorHost.StartAsync(database)));
        foreach (var host in hosts)
        {
            Assert.Empty(await host.Db.Database.GetPendingMigrationsAsync(Token));
            await host.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(true, ImageState.Queued, 1, 0)]
    [InlineData(false, ImageState.Rendering, 0, 1)]
    public async Task A_start_takes_back_what_was_under_way_and_forgets_workers_and_models_only_when_told_to(
        bool requeue, ImageState state, int failures, int known)
    {
        var database = await databases.NewAsync();
        Guid id;
        await using (var before = await CoordinatorHost.StartAsync(database))
        {
            id = (await before.RenderOneAsync()).ImageId;
        }

        await using var after = await CoordinatorHost.StartAsync(database, new() { ["Dispatch:RequeueAtStart"] = $"{requeue}" });
        var image = await after.ImageAsync(id);
        Assert.Equal((state, failures), (image.State, image.Failures));
        Assert.Equal((known, known), (after.Db.Workers.Count(), after.Db.Models.Count()));
    }

    [Fact]
    public async Task A_shutdown_is_no_failure_of_what_was_under_way()
    {
        var database = await databases.NewAsync();
        var embedded = new Dictionary<string, string?> { ["Dispatch:RequeueAtStart"] = "true" };
        Guid id;
        await using (var before = await CoordinatorHost.StartAsync(database, embedded))
        {
            id = (await before.RenderOneAsync()).ImageId;
            await before.StopAsync();
        }

        await using var after = await CoordinatorHost.StartAsync(database, embedded);
        var image = await after.ImageAsync(id);
        Assert.Equal((ImageState.Queued, 0, null), (image.State, image.Failures, image.Error));
    }

    [Fact]
    public async Task The_dispatcher_finds_its_images_by_index()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.Db.Database.ExecuteSqlAsync($"SET enable_seqscan = off", Token);
        var plan = await host.Db.Database.SqlQuery<string>($"""
            EXPLAIN SELECT * FROM images WHERE state = 'queued' AND model = 'tiny' AND (not_before IS NULL OR not_before <= now())
            ORDER BY position LIMIT 8 FOR UPDATE SKIP LOCKED
            """).ToListAsync(Token);
        var text = string.Join('\n', plan);
        Assert.Contains("ix_images_queued", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Sort", text, StringComparison.Ordinal);
    }
}
