using System.Net;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Keeping;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Storage;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Keeping;

public sealed class KeepingTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    private IObjectStore Objects => host.Get<IObjectStore>();

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync(), new()
    {
        ["Keeping:Rules:0:Tag"] = "keep",
        ["Keeping:Rules:1:Owner"] = "default",
        ["Keeping:Rules:1:For"] = "1.00:00:00",
    });

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_deleted_batch_leaves_no_row_and_no_object()
    {
        var batch = await host.SubmitAsync(3);
        await StoreAsync(await host.TakeOneAsync());
        var failed = await host.TakeOneAsync();
        await PutAsync((await host.ImageAsync(failed.ImageId)).ObjectKey!); // stored, and then the report did not get through
        await host.FailAsync(Failed(failed, retryable: false));

        using var answer = await host.Client.DeleteAsync(new Uri(batch.Url, UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        await EventuallyAsync(async () => !await host.Db.ObjectRemovals.AnyAsync(Token));
        Assert.Equal((0, 0, 0, 0, 0), (host.Db.Batches.Count(), host.Db.Images.Count(), host.Db.Recipes.Count(), host.Db.Prompts.Count(), host.Db.Attempts.Count()));
        Assert.Equal(["batch.deleted"], await host.EventsAsync(batch.Id)); // all that is told of it from now on
        Assert.Empty(await Objects.ListAsync("", Token).ToListAsync(Token));
        using var again = await host.Client.DeleteAsync(new Uri(batch.Url, UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Fact]
    public async Task A_deleted_picture_is_gone_and_its_image_says_so()
    {
        var batch = await host.SubmitAsync(1);
        var open = await host.TakeOneAsync();
        var content = new Uri($"/v1/images/{open.ImageId}/content", UriKind.Relative);
        Assert.Equal(HttpStatusCode.Conflict, (await host.Client.DeleteAsync(content, Token)).StatusCode);
        await StoreAsync(open);
        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync(content, Token)).StatusCode);
        Assert.Equal(HttpStatusCode.Gone, (await host.Client.GetAsync(content, Token)).StatusCode);
        var image = Assert.Single((await host.GetAsync<Page<ImageResponse>>(batch.ImagesUrl)).Items);
        Assert.Equal((ImageState.Succeeded, host.Time.GetUtcNow(), null, null), (image.State, image.DeletedAt, image.ContentUrl, image.ObjectKey));
        await EventuallyAsync(async () => await Objects.ListAsync("", Token).CountAsync(Token) == 0);
    }

    [Fact]
    public async Task A_removal_outlives_an_object_store_that_is_away()
    {
        host.Db.ObjectRemovals.Add(new ObjectRemoval { Key = "../no/key" }); // the store refuses it, as it would anything while it is away
        await host.Db.SaveChangesAsync(Token);
        await Assert.ThrowsAnyAsync<Exception>(() => host.Get<ObjectRemover>().RunAsync(Token));
        Assert.Equal(1, await host.Db.ObjectRemovals.CountAsync(Token));
    }

    [Fact]
    public async Task Finished_batches_go_when_their_rule_says_so()
    {
        await host.ReportWorkerAsync();
        var kept = await host.SubmitAsync(new BatchRequest { Prompt = "a", Tags = ["keep"] });
        var due = await host.SubmitAsync(new BatchRequest { Prompt = "b" });
        foreach (var image in await host.TakeAsync(2))
        {
            await StoreAsync(new(image.Id, image.AttemptId));
        }

        var open = await host.SubmitAsync(new BatchRequest { Prompt = "c" });
        host.Time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Assert.Equal(0, await host.Get<Retention>().RunAsync(Token));
        host.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, await host.Get<Retention>().RunAsync(Token));
        Assert.Equal([kept.Id, open.Id], (await host.Db.Batches.Select(batch => batch.Id).ToListAsync(Token)).ToHashSet());
        Assert.DoesNotContain(due.Id, await host.Db.Batches.Select(batch => batch.Id).ToListAsync(Token));
    }

    [Fact]
    public async Task A_sweep_removes_what_no_row_names_and_tells_what_is_lost()
    {
        var png = Png.Base64(64, 64);
        await host.ReportWorkerAsync();
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a", NIter = 3, InitImages = [png] });
        var stored = await host.TakeOneAsync();
        await StoreAsync(stored);
        var lost = await host.TakeOneAsync();
        await host.SucceedAsync(Rendered(lost));
        var drawn = await host.TakeOneAsync();
        var underWay = (await host.ImageAsync(drawn.ImageId)).ObjectKey!;
        var named = (await host.ImageAsync(stored.ImageId)).ObjectKey!;
        string[] unnamed = [$"batches/{batch.Id}/00000-7-deadbeef.png", $"batches/{Guid.NewGuid()}/00000-7-deadbeef.png", "batches/stray", $"inputs/{new string('a', 64)}.png"];
        foreach (var key in unnamed.Append(underWay))
        {
            await PutAsync(key);
        }

        host.Time.Set(DateTimeOffset.UtcNow); // objects have the real time
        var early = (await host.Get<Sweeps>().RunAsync(Token))!;
        Assert.Equal((0L, 4L), (early.Removed, early.Young));
        host.Time.Set(DateTimeOffset.UtcNow.AddDays(2));
        var report = (await host.Get<Sweeps>().RunAsync(Token))!;
        Assert.Equal((7L, 4L, 0L, 1L), (report.Objects, report.Removed, report.Young, report.Missing));
        Assert.Equal([lost.ImageId], report.MissingImages);
        var left = await Objects.ListAsync("", Token).Select(entry => entry.Key).Order().ToListAsync(Token);
        Assert.Equal(new[] { named, underWay }.Order().Append(left[^1]), left);
        Assert.StartsWith("inputs/", left[^1], StringComparison.Ordinal);
        Assert.Equal(2, (await host.GetAsync<List<object>>("/v1/sweeps")).Count);
    }

    [Fact]
    public async Task A_sweep_lets_be_what_is_older_than_the_database()
    {
        await PutAsync("batches/of-a-farm-that-was-here-before.png");
        await PutAsync($"inputs/{new string('b', 64)}.png");
        await host.Db.Owners.ExecuteUpdateAsync(owner => owner.SetProperty(row => row.CreatedAt, DateTimeOffset.UtcNow.AddHours(1)), Token); // begun anew on an old bucket
        host.Time.Set(DateTimeOffset.UtcNow.AddDays(30));
        var report = (await host.Get<Sweeps>().RunAsync(Token))!;
        Assert.Equal((2L, 0L, 2L), (report.Objects, report.Removed, report.Earlier));
    }

    private async Task StoreAsync(AttemptReference open)
    {
        await PutAsync((await host.ImageAsync(open.ImageId)).ObjectKey!);
        await host.SucceedAsync(Rendered(open));
    }

    private Task PutAsync(string key) => Objects.PutAsync(key, new byte[] { 1, 2, 3 }, "image/png", null, Token);
}
