using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Images;

public sealed class CancelTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_cancelled_batch_ends_wherever_its_images_are_and_keeps_pictures_that_are_stored()
    {
        var batch = await host.SubmitAsync(4);
        var stored = await host.TakeOneAsync();
        await host.SucceedAsync(Rendered(stored));
        var drawn = await host.TakeOneAsync();
        await host.ClaimAsync(drawn);
        var sent = await host.TakeOneAsync();

        Assert.True(await host.Get<BatchActions>().CancelAsync(batch.Id, Token));
        Assert.Equal(
            [ImageState.Succeeded, ImageState.Cancelled, ImageState.Cancelled, ImageState.Cancelled],
            await host.Db.Images.OrderBy(image => image.Index).Select(image => image.State).ToListAsync(Token));
        Assert.False(await host.ClaimAsync(sent));
        Assert.False(await host.SucceedAsync(Rendered(drawn)));
        Assert.Empty(await host.TakeAsync(9));
        Assert.Equal(0, await host.RunRoundAsync());
        var row = await host.BatchAsync(batch.Id);
        Assert.Equal((0, host.Time.GetUtcNow(), host.Time.GetUtcNow()), (row.Open, row.CancelledAt, row.FinishedAt));
    }

    [Fact]
    public async Task A_cancel_whose_coordinator_died_is_finished_by_another()
    {
        var batch = await host.SubmitAsync(2);
        await host.ClaimAsync(await host.TakeOneAsync());
        await host.Db.Batches.ExecuteUpdateAsync(row => row.SetProperty(b => b.CancelledAt, host.Time.GetUtcNow()), Token);
        await host.KeepUpAsync(TimeSpan.FromSeconds(5)); // it may be at it
        Assert.Null((await host.BatchAsync(batch.Id)).FinishedAt);
        await host.KeepUpAsync(TimeSpan.FromSeconds(6));
        Assert.NotNull((await host.BatchAsync(batch.Id)).FinishedAt);
        Assert.All(await host.Db.Images.AsNoTracking().ToListAsync(Token), image => Assert.Equal(ImageState.Cancelled, image.State));
    }

    [Fact]
    public async Task A_cancelled_image_of_a_batch_leaves_the_others_alone()
    {
        var batch = await host.SubmitAsync(2);
        var ids = await host.Db.Images.OrderBy(image => image.Index).Select(image => image.Id).ToListAsync(Token);
        Assert.Equal(1, await host.Get<BatchActions>().CancelImagesAsync(batch.Id, [ids[0]], Token));
        Assert.Equal(ids[1], Assert.Single(await host.TakeAsync(9)).Id);
    }

    [Fact]
    public async Task Paused_work_waits_and_goes_on()
    {
        var batch = await host.SubmitAsync(2);
        await host.Get<BatchActions>().PauseAsync(batch.Id, true, Token);
        Assert.Equal(0, await host.RunRoundAsync());
        await host.Get<BatchActions>().PauseAsync(batch.Id, false, Token);
        Assert.Equal(2, await host.RunRoundAsync());
    }

    [Fact]
    public async Task What_waits_past_the_deadline_is_given_up_with_that_reason()
    {
        await host.ReportWorkerAsync();
        var deadline = host.Time.GetUtcNow().AddMinutes(5);
        var batch = await host.SubmitAsync(new() { Prompt = "a", NIter = 3, Deadline = deadline });
        Assert.Equal(deadline, batch.Deadline);
        var begun = await host.TakeOneAsync();
        await host.ClaimAsync(begun, "worker-1");
        host.Time.Advance(TimeSpan.FromMinutes(6));
        await host.BeatAsync(attempts: begun.AttemptId);
        await host.Get<Upkeep>().RunAsync(Token);
        var images = await host.Db.Images.AsNoTracking().OrderBy(image => image.Index).ToListAsync(Token);
        Assert.Equal([ImageState.Rendering, ImageState.Failed, ImageState.Failed], images.Select(image => image.State));
        Assert.Equal("The deadline passed before it was drawn.", images[1].Error);
    }
}
