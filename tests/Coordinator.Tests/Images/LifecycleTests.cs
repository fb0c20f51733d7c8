using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
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
        Assert.Equal((host.Time.GetUtcNow(), host.Time.GetUtcNow() + options.QueueLease), (image.DispatchedAt, image.LeaseUntil));
        Assert.Matches($"^batches/{batch.Id}/00000-7-[0-9a-f]{{8}}\\.png$", image.ObjectKey);
        Assert.Empty(host.Db.Attempts); // history begins with its end
    }

    [Fact]
    public async Task A_claim_grants_an_attempt_to_one_worker_and_to_it_again()
    {
        await host.SubmitAsync(1);
        var open = await host.TakeOneAsync();
        Assert.True(await host.ClaimAsync(open, "worker-1"));
        Assert.False(await host.ClaimAsync(open, "worker-2"));
        Assert.True(await host.ClaimAsync(open, "worker-1")); // its first answer was lost
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Rendering, "worker-1", null, 1), (image.State, image.WorkerId, image.LeaseUntil, image.Attempts));
        Assert.Equal(["batch.created", "images.started"], await host.EventsAsync(image.BatchId));
    }

    [Fact]
    public async Task What_was_granted_long_ago_is_not_granted_again()
    {
        var open = await host.RenderOneAsync();
        host.Time.Advance(new ImageOptions().ForgottenAfter);
        Assert.False(await host.ClaimAsync(open)); // its picture may be stored, and the report of it be on the way
    }

    [Fact]
    public async Task A_claim_grants_those_that_still_count()
    {
        await host.SubmitAsync(2);
        var taken = (await host.TakeAsync(2)).Select(image => new AttemptReference(image.Id, image.AttemptId)).ToArray();
        await host.SucceedAsync(Rendered(taken[0]));
        Assert.Equal([taken[1].AttemptId], await host.Get<ImageClaims>().ClaimAsync(Claim("worker-1", taken), Token));
    }

    [Fact]
    public async Task Success_commits_the_object_and_ends_image_and_batch()
    {
        var open = await host.RenderOneAsync();
        var dispatched = await host.ImageAsync(open.ImageId);
        host.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.True(await host.SucceedAsync(Rendered(open)));

        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Succeeded, dispatched.ObjectKey, "cafe", 123L), (image.State, image.ObjectKey, image.Sha256, image.Bytes!.Value));
        Assert.Equal((host.Time.GetUtcNow(), null, 20), (image.FinishedAt!.Value, image.LeaseUntil, image.Step));
        Assert.Equal(TimeSpan.FromSeconds(1.5), image.RenderTime);
        var attempt = await host.AttemptAsync(open.AttemptId);
        Assert.Equal((AttemptOutcome.Succeeded, 1, "worker-1", image.ObjectKey), (attempt.Outcome, attempt.Number, attempt.WorkerId, attempt.ObjectKey));
        Assert.Equal((0, host.Time.GetUtcNow()), ((await host.BatchAsync(image.BatchId)).Open, (await host.BatchAsync(image.BatchId)).FinishedAt));
        Assert.Equal(["batch.created", "images.started", "images.succeeded", "batch.finished"], await host.EventsAsync(image.BatchId));
    }

    [Theory]
    [InlineData(31, 31)]
    [InlineData(null, 20)] // as asked for
    [InlineData(0, 20)]
    public async Task Success_tells_the_steps_that_were_taken(int? told, int expected)
    {
        var open = await host.RenderOneAsync();
        await host.SucceedAsync(Rendered(open) with { Steps = told });
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((expected, expected), (image.Step, image.Steps));
    }

    [Fact]
    public async Task A_repeated_success_is_ignored()
    {
        var open = await host.RenderOneAsync();
        Assert.Single(await host.Get<ImageEnds>().SucceedAsync("worker-1", [Rendered(open), Rendered(open)], Token));
        Assert.False(await host.SucceedAsync(Rendered(open, "beef")));
        Assert.False(await host.ClaimAsync(open));
        Assert.False(await host.ProgressAsync(Progressed(open, 1, 1)));
        Assert.Equal("cafe", (await host.ImageAsync(open.ImageId)).Sha256);
        Assert.Equal(1, await host.Db.Attempts.CountAsync(Token));
    }

    [Fact]
    public async Task News_of_a_superseded_attempt_is_ignored()
    {
        var stale = await host.RenderOneAsync();
        await host.ReturnAsync(stale);
        var current = await host.TakeOneAsync();

        Assert.False(await host.ClaimAsync(stale));
        Assert.False(await host.ProgressAsync(Progressed(stale, 9, 9)));
        Assert.False(await host.SucceedAsync(Rendered(stale)));
        Assert.False(await host.FailAsync(Failed(stale, retryable: false)));
        Assert.False(await host.ReturnAsync(stale));
        var image = await host.ImageAsync(stale.ImageId);
        Assert.Equal((ImageState.Dispatched, current.AttemptId), (image.State, image.AttemptId));
    }

    [Fact]
    public async Task A_failure_that_may_pass_is_tried_again_after_a_growing_wait()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.FailAsync(Failed(open, retryable: true)));
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Queued, 1, "out of memory"), (image.State, image.Failures, image.Error));
        Assert.Empty(await host.TakeAsync(9));

        host.Time.Advance(options.RetryDelay);
        open = await host.TakeOneAsync();
        await host.FailAsync(Failed(open, retryable: true));
        Assert.Equal(host.Time.GetUtcNow() + (options.RetryDelay * 2), (await host.ImageAsync(open.ImageId)).NotBefore);
    }

    [Fact]
    public async Task A_reason_that_quotes_a_zero_byte_is_kept_without_it()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.FailAsync(Failed(open, retryable: false, "bad key \"a\0b\"")));
        Assert.Equal("bad key \"a\uFFFDb\"", (await host.ImageAsync(open.ImageId)).Error);
    }

    [Fact]
    public async Task A_repeated_failure_counts_once()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.FailAsync(Failed(open, retryable: true)));
        Assert.False(await host.FailAsync(Failed(open, retryable: true)));
        Assert.Equal(1, (await host.ImageAsync(open.ImageId)).Failures);
    }

    [Fact]
    public async Task Used_up_attempts_fail_the_image_with_the_last_reason()
    {
        await host.SubmitAsync(1);
        for (var attempt = 1; attempt <= options.MaxAttempts; attempt++)
        {
            host.Time.Advance(TimeSpan.FromMinutes(5));
            await host.FailAsync(Failed(await host.TakeOneAsync(), retryable: true, $"reason {attempt}"));
        }

        var image = Assert.Single(host.Db.Images);
        Assert.Equal((ImageState.Failed, $"reason {options.MaxAttempts}", null), (image.State, image.Error, image.AttemptId));
        Assert.Equal(host.Time.GetUtcNow(), image.FinishedAt);
        Assert.Equal(["batch.finished", "images.failed"], (await host.EventsAsync(image.BatchId)).TakeLast(2).Order());
    }

    [Fact]
    public async Task A_permanent_failure_is_not_tried_again_until_it_is_replayed()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.FailAsync(Failed(open, retryable: false, "the model is broken")));
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal(ImageState.Failed, image.State);
        host.Time.Advance(TimeSpan.FromDays(1));
        Assert.Empty(await host.TakeAsync(9));

        Assert.Single(await host.Get<ImageReplays>().ReplayAsync(image.BatchId, null, Token));
        var batch = await host.BatchAsync(image.BatchId);
        Assert.Equal((1, null), (batch.Open, batch.FinishedAt));
        var again = await host.TakeOneAsync();
        Assert.Equal((2, 0), ((await host.ImageAsync(again.ImageId)).Attempts, (await host.ImageAsync(again.ImageId)).Failures));
        Assert.True(await host.SucceedAsync(Rendered(again)));
        Assert.NotNull((await host.BatchAsync(image.BatchId)).FinishedAt);
    }

    [Fact]
    public async Task Work_handed_back_waits_again_at_once_and_is_no_failure()
    {
        var open = await host.RenderOneAsync();
        Assert.False(await host.ReturnAsync(open, "worker-2")); // not its own
        Assert.True(await host.ReturnAsync(open));
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Queued, 0, null), (image.State, image.Failures, image.NotBefore));
        Assert.Equal(AttemptOutcome.Returned, (await host.AttemptAsync(open.AttemptId)).Outcome);
        Assert.Equal(2, (await host.ImageAsync((await host.TakeOneAsync()).ImageId)).Attempts);
    }

    [Fact]
    public async Task A_command_nobody_claimed_in_time_is_sent_again_and_is_no_failure()
    {
        await host.SubmitAsync(1);
        var open = await host.TakeOneAsync();
        host.Time.Advance(options.QueueLease);
        Assert.Empty(await host.Get<ImageLosses>().ExpireAsync(Token));
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Single(await host.Get<ImageLosses>().ExpireAsync(Token));
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Queued, 0), (image.State, image.Failures));
        Assert.Equal(AttemptOutcome.Lost, (await host.AttemptAsync(open.AttemptId)).Outcome);
        Assert.False(await host.ClaimAsync(open)); // read after all
    }

    [Fact]
    public async Task Late_progress_is_dropped()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.ProgressAsync(Progressed(open, 2, 8)));
        Assert.False(await host.ProgressAsync(Progressed(open, 1, 4)));
        Assert.False(await host.ProgressAsync(Progressed(open, 2, 8)));
        Assert.Equal(8, (await host.ImageAsync(open.ImageId)).Step);
    }

    [Fact]
    public async Task Two_coordinators_never_take_the_same_image()
    {
        await host.SubmitAsync(40);
        var lane = await host.Db.Recipes.Select(recipe => recipe.Id).SingleAsync(Token);
        var scopes = Enumerable.Range(0, 4).Select(_ => host.Get<Microsoft.Extensions.DependencyInjection.IServiceScopeFactory>().CreateScope()).ToList();
        var taken = await Task.WhenAll(scopes.Select(scope =>
            ((ImageClaims)scope.ServiceProvider.GetService(typeof(ImageClaims))!).TakeAsync([(lane, 10)], Token)));
        scopes.ForEach(scope => scope.Dispose());
        var ids = taken.SelectMany(images => images).Select(image => image.Id).ToList();
        Assert.Equal(ids.Distinct().Count(), ids.Count);
        Assert.Equal(ids.Count, await host.Db.Images.CountAsync(image => image.State == ImageState.Dispatched, Token));
    }
}
