using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Images;

public sealed class LifecycleTests(Databases databases) : IAsyncLifetime
{
    private readonly ImageOptions options = new();
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Taking_opens_an_attempt_with_a_lease_and_an_object_of_its_own()
    {
        var batch = await host.SubmitAsync(1);
        var open = await host.TakeOneAsync();

        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Dispatched, open.AttemptId, 1), (image.State, image.AttemptId, image.Attempts));
        Assert.Equal(host.Time.GetUtcNow() + options.PublishLease, image.LeaseUntil);
        var attempt = await host.AttemptAsync(open.AttemptId);
        Assert.Equal((AttemptState.Dispatched, 1), (attempt.State, attempt.Number));
        Assert.Matches($"^batches/{batch.Id}/00000-7-[0-9a-f]{{8}}\\.png$", attempt.ObjectKey);
    }

    [Fact]
    public async Task A_window_counts_what_is_under_way()
    {
        await host.SubmitAsync(5);
        Assert.Equal(2, (await host.Claims.TakeAsync(CoordinatorHost.Model, 2, Token)).Count);
        Assert.Empty(await host.Claims.TakeAsync(CoordinatorHost.Model, 2, Token));
        var last = Assert.Single(await host.Claims.TakeAsync(CoordinatorHost.Model, 3, Token));
        Assert.Equal(2, last.Image.Index);
    }

    [Fact]
    public async Task Success_commits_the_object_and_ends_the_image()
    {
        var open = await host.RenderOneAsync();
        host.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.True(await host.Ends.SucceedAsync(Rendered(open), Token));

        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Succeeded, "batches/x/1.png", "cafe", 123L), (image.State, image.ObjectKey, image.Sha256, image.Bytes!.Value));
        Assert.Equal((host.Time.GetUtcNow(), null, 20), (image.FinishedAt!.Value, image.LeaseUntil, image.Step));
        Assert.Equal(TimeSpan.FromSeconds(1.5), image.RenderTime);
        Assert.Equal(AttemptState.Succeeded, (await host.AttemptAsync(open.AttemptId)).State);
    }

    [Theory]
    [InlineData(31, 31)]
    [InlineData(null, 20)] // as asked for
    [InlineData(0, 20)]
    public async Task Success_tells_the_steps_that_were_taken(int? told, int expected)
    {
        var open = await host.RenderOneAsync();
        await host.Ends.SucceedAsync(Rendered(open) with { Steps = told }, Token);
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((expected, expected), (image.Step, image.Steps));
    }

    [Fact]
    public async Task Success_may_overtake_the_start_and_the_late_start_changes_nothing()
    {
        await host.SubmitAsync(1);
        var open = await host.TakeOneAsync();
        Assert.True(await host.Ends.SucceedAsync(Rendered(open), Token));
        Assert.False(await host.Progress.StartAsync(Started(open), Token));
        Assert.False(await host.Progress.ProgressAsync(Progressed(open, 1, 1), Token));
        Assert.Equal(ImageState.Succeeded, (await host.ImageAsync(open.ImageId)).State);
    }

    [Fact]
    public async Task A_repeated_success_is_ignored()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.Ends.SucceedAsync(Rendered(open), Token));
        Assert.False(await host.Ends.SucceedAsync(Rendered(open, "batches/x/other.png"), Token));
        Assert.Equal("batches/x/1.png", (await host.ImageAsync(open.ImageId)).ObjectKey);
    }

    [Fact]
    public async Task News_of_a_superseded_attempt_is_ignored()
    {
        var stale = await host.RenderOneAsync();
        await host.Ends.ReturnAsync(Returned(stale), Token);
        var current = await host.TakeOneAsync();

        Assert.False(await host.Progress.StartAsync(Started(stale), Token));
        Assert.False(await host.Progress.ProgressAsync(Progressed(stale, 9, 9), Token));
        Assert.False(await host.Ends.SucceedAsync(Rendered(stale), Token));
        Assert.False(await host.Ends.FailAsync(Failed(stale, retryable: false), Token));
        Assert.False(await host.Ends.ReturnAsync(Returned(stale), Token));
        var image = await host.ImageAsync(stale.ImageId);
        Assert.Equal((ImageState.Dispatched, current.AttemptId), (image.State, image.AttemptId));
    }

    [Fact]
    public async Task A_failure_that_may_pass_is_tried_again_after_a_growing_wait()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.Ends.FailAsync(Failed(open, retryable: true), Token));
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Queued, 1, "out of memory"), (image.State, image.Failures, image.Error));
        Assert.Empty(await host.Claims.TakeAsync(CoordinatorHost.Model, 9, Token));

        host.Time.Advance(options.RetryDelay);
        open = await host.TakeOneAsync();
        await host.Ends.FailAsync(Failed(open, retryable: true), Token);
        Assert.Equal(host.Time.GetUtcNow() + (options.RetryDelay * 2), (await host.ImageAsync(open.ImageId)).NotBefore);
    }

    [Fact]
    public async Task A_reason_that_quotes_a_zero_byte_is_kept_without_it()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.Ends.FailAsync(Failed(open, retryable: false, "bad key \"a\0b\""), Token));
        Assert.Equal("bad key \"a\uFFFDb\"", (await host.ImageAsync(open.ImageId)).Error);
    }

    [Fact]
    public async Task A_repeated_failure_counts_once()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.Ends.FailAsync(Failed(open, retryable: true), Token));
        Assert.False(await host.Ends.FailAsync(Failed(open, retryable: true), Token));
        Assert.Equal(1, (await host.ImageAsync(open.ImageId)).Failures);
    }

    [Fact]
    public async Task Used_up_attempts_fail_the_image_with_the_last_reason()
    {
        await host.SubmitAsync(1);
        for (var attempt = 1; attempt <= options.MaxAttempts; attempt++)
        {
            host.Time.Advance(TimeSpan.FromMinutes(1));
            await host.Ends.FailAsync(Failed(await host.TakeOneAsync(), retryable: true, $"reason {attempt}"), Token);
        }

        var image = Assert.Single(host.Db.Images);
        Assert.Equal((ImageState.Failed, "reason 3", null), (image.State, image.Error, image.AttemptId));
        Assert.Equal(host.Time.GetUtcNow(), image.FinishedAt);
    }

    [Fact]
    public async Task A_permanent_failure_is_not_tried_again()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.Ends.FailAsync(Failed(open, retryable: false, "the model is broken"), Token));
        Assert.Equal(ImageState.Failed, (await host.ImageAsync(open.ImageId)).State);
        host.Time.Advance(TimeSpan.FromDays(1));
        Assert.Empty(await host.Claims.TakeAsync(CoordinatorHost.Model, 9, Token));
    }

    [Fact]
    public async Task Work_handed_back_waits_again_at_once_and_is_no_failure()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.Ends.ReturnAsync(Returned(open), Token));
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Queued, 0, null), (image.State, image.Failures, image.NotBefore));
        Assert.Equal(AttemptState.Returned, (await host.AttemptAsync(open.AttemptId)).State);
        Assert.Equal(2, (await host.AttemptAsync((await host.TakeOneAsync()).AttemptId)).Number);
    }

    [Fact]
    public async Task Work_handed_back_by_another_worker_than_the_one_at_it_is_a_lost_worker()
    {
        var open = await host.RenderOneAsync("worker-1");
        Assert.True(await host.Ends.ReturnAsync(Returned(open, "worker-2"), Token));
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Queued, 1), (image.State, image.Failures));
        Assert.Contains("worker-1 was lost", image.Error, StringComparison.Ordinal);
        Assert.Equal(AttemptState.Lost, (await host.AttemptAsync(open.AttemptId)).State);
    }

    [Fact]
    public async Task An_image_that_kills_its_workers_is_given_up()
    {
        await host.SubmitAsync(1);
        for (var attempt = 1; attempt <= options.MaxAttempts; attempt++)
        {
            await host.Progress.StartAsync(Started(await host.TakeOneAsync(), $"worker-{attempt}"), Token);
            host.Time.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(1, await host.Ends.ExpireAsync(Token));
            host.Time.Advance(TimeSpan.FromMinutes(1));
        }

        var image = Assert.Single(host.Db.Images);
        Assert.Equal(ImageState.Failed, image.State);
        Assert.Contains("worker-3 was lost", image.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_nobody_took_up_in_time_is_sent_again_and_is_no_failure()
    {
        await host.SubmitAsync(1);
        var open = await host.TakeOneAsync();
        await host.Claims.PublishedAsync([open.AttemptId], Token);
        host.Time.Advance(options.QueueLease);
        Assert.Equal(0, await host.Ends.ExpireAsync(Token));
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await host.Ends.ExpireAsync(Token));
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Queued, 0), (image.State, image.Failures));
        Assert.Equal(AttemptState.Lost, (await host.AttemptAsync(open.AttemptId)).State);
    }

    [Fact]
    public async Task Heartbeats_that_name_an_attempt_keep_it()
    {
        var open = await host.RenderOneAsync();
        for (var beat = 0; beat < 5; beat++)
        {
            host.Time.Advance(options.RenderLease * 0.9);
            await host.ReportWorkerAsync("worker-1", attempts: open.AttemptId);
            Assert.Equal(0, await host.Ends.ExpireAsync(Token));
        }

        host.Time.Advance(options.RenderLease * 0.9);
        await host.ReportWorkerAsync("worker-1");
        host.Time.Advance(options.RenderLease * 0.2);
        Assert.Equal(1, await host.Ends.ExpireAsync(Token));
    }

    [Fact]
    public async Task Progress_renews_the_lease_and_late_progress_is_dropped()
    {
        var open = await host.RenderOneAsync();
        host.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await host.Progress.ProgressAsync(Progressed(open, 2, 8), Token));
        Assert.False(await host.Progress.ProgressAsync(Progressed(open, 1, 4), Token));
        Assert.False(await host.Progress.ProgressAsync(Progressed(open, 2, 8), Token));
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((8, host.Time.GetUtcNow() + options.RenderLease), (image.Step, image.LeaseUntil));
    }

    [Fact]
    public async Task Two_coordinators_never_take_the_same_image()
    {
        await host.SubmitAsync(40);
        var scopes = Enumerable.Range(0, 4).Select(_ => host.Get<Microsoft.Extensions.DependencyInjection.IServiceScopeFactory>().CreateScope()).ToList();
        var taken = await Task.WhenAll(scopes.Select(scope =>
            ((ImageClaims)scope.ServiceProvider.GetService(typeof(ImageClaims))!).TakeAsync(CoordinatorHost.Model, 30, Token)));
        scopes.ForEach(scope => scope.Dispose());
        var ids = taken.SelectMany(images => images).Select(image => image.Image.Id).ToList();
        Assert.Equal(30, ids.Count);
        Assert.Equal(30, ids.Distinct().Count());
    }

    [Fact]
    public async Task A_restart_takes_back_what_was_sent_without_a_failure_and_leaves_ended_images_alone()
    {
        await host.SubmitAsync(3);
        var done = await host.TakeOneAsync(window: 1);
        await host.Ends.SucceedAsync(Rendered(done), Token);
        await host.Claims.TakeAsync(CoordinatorHost.Model, 2, Token);
        host.Db.ChangeTracker.Clear();
        Assert.Equal(2, await host.Ends.RestartAsync(Token));
        Assert.Equal(
            [(ImageState.Succeeded, 0), (ImageState.Queued, 0), (ImageState.Queued, 0)],
            host.Db.Images.OrderBy(image => image.Index).AsEnumerable().Select(image => (image.State, image.Failures)));
    }

    [Fact]
    public async Task An_image_that_kills_the_farm_is_drawn_again_at_once_and_given_up_in_the_end()
    {
        await host.SubmitAsync(1);
        for (var attempt = 1; attempt <= options.MaxAttempts; attempt++)
        {
            var open = await host.TakeOneAsync(); // the clock stands: no wait
            await host.Progress.StartAsync(Started(open), Token);
            Assert.Equal(1, await host.Ends.RestartAsync(Token));
            Assert.Equal(AttemptState.Lost, (await host.AttemptAsync(open.AttemptId)).State);
        }

        var image = await host.Db.Images.AsNoTracking().SingleAsync(Token);
        Assert.Equal((ImageState.Failed, "The farm was restarted while drawing it."), (image.State, image.Error));
    }
}
