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
    public async Task A_database_of_the_first_layout_is_left_alone_with_what_to_do()
    {
        var database = await databases.EmptyAsync();
        await using (var db = new FarmDb(new DbContextOptionsBuilder<FarmDb>().UseNpgsql(database).Options))
        {
            await db.Database.ExecuteSqlRawAsync("""
                CREATE TABLE "__EFMigrationsHistory" ("MigrationId" varchar(150) PRIMARY KEY, "ProductVersion" varchar(32) NOT NULL);
                INSERT INTO "__EFMigrationsHistory" VALUES ('20261121100719_Initial', '10.0.14')
                """, Token);
        }

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => CoordinatorHost.StartAsync(database));
        Assert.Contains("the pictures stay where they are", error.Message, StringComparison.Ordinal);
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
            EXPLAIN SELECT * FROM images WHERE state = 'queued' AND recipe_id = 1 AND (not_before IS NULL OR not_before <= now())
            ORDER BY position LIMIT 8 FOR UPDATE SKIP LOCKED
            """).ToListAsync(Token);
        var text = string.Join('\n', plan);
        Assert.Contains("ix_images_queued", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Sort", text, StringComparison.Ordinal);
    }
}
