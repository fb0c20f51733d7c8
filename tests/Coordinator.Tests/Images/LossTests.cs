using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Images;

/// <summary>Workers that are lost, forget, or come back.</summary>
public sealed class LossTests(Databases databases) : IAsyncLifetime
{
    private static readonly TimeSpan LiveFor = new WorkerOptions().LiveFor;
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Beats_keep_what_a_worker_has_in_hand_and_silence_loses_it()
    {
        using var log = new LogLines();
        host.Get<ILoggerFactory>().AddProvider(log);
        var open = await host.RenderOneAsync();
        for (var beat = 0; beat < 5; beat++)
        {
            host.Time.Advance(LiveFor * 0.9);
            await host.BeatAsync(attempts: open.AttemptId);
            await host.KeepUpAsync(TimeSpan.FromSeconds(1));
            Assert.Equal(ImageState.Rendering, (await host.ImageAsync(open.ImageId)).State);
        }

        var heard = host.Time.GetUtcNow();
        await host.KeepUpAsync(LiveFor + TimeSpan.FromSeconds(2));
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Queued, 1, 1), (image.State, image.Failures, image.Losses));
        Assert.Equal("Worker worker-1 was lost while drawing it.", image.Error);
        Assert.InRange(image.NotBefore!.Value - heard, TimeSpan.Zero, TimeSpan.FromSeconds(25)); // so that it is drawn within half a minute of a kill
        Assert.Equal(AttemptOutcome.Lost, (await host.AttemptAsync(open.AttemptId)).Outcome);
        Assert.Single(log.Lines, line => line.Contains("worker-1 is lost", StringComparison.Ordinal) && line.Contains($"{open.ImageId}", StringComparison.Ordinal));
        Assert.False(await host.SucceedAsync(Rendered(open))); // it was only frozen, and comes back
    }

    [Fact]
    public async Task Nobody_is_lost_for_a_silence_in_which_nobody_listened()
    {
        var open = await host.RenderOneAsync();
        host.Time.Advance(TimeSpan.FromHours(1)); // the database was away, or all coordinators
        await host.KeepUpAsync(LiveFor - TimeSpan.FromSeconds(1));
        Assert.Equal(ImageState.Rendering, (await host.ImageAsync(open.ImageId)).State);
        await host.BeatAsync(attempts: open.AttemptId);
        await host.KeepUpAsync(LiveFor);
        Assert.True(await host.SucceedAsync(Rendered(open)));
    }

    [Fact]
    public async Task What_a_worker_draws_that_was_forgotten_is_lost_only_when_it_does_not_register_again()
    {
        var open = await host.RenderOneAsync();
        await host.Db.Workers.ExecuteDeleteAsync(Token);
        await host.KeepUpAsync(LiveFor * 2.5);
        Assert.Equal(ImageState.Rendering, (await host.ImageAsync(open.ImageId)).State);
        await host.KeepUpAsync(LiveFor);
        Assert.Equal(ImageState.Queued, (await host.ImageAsync(open.ImageId)).State);
    }

    [Fact]
    public async Task Nobody_is_lost_while_the_broker_is_away()
    {
        var open = await host.RenderOneAsync();
        await host.KeepUpAsync(TimeSpan.FromSeconds(1));
        await host.Get<IBusControl>().StopAsync(Token);
        await host.KeepUpAsync(LiveFor * 2);
        Assert.Equal(ImageState.Rendering, (await host.ImageAsync(open.ImageId)).State);
    }

    [Fact]
    public async Task A_report_that_comes_after_its_workers_goodbye_still_counts()
    {
        var open = await host.RenderOneAsync();
        for (var beat = 0; beat < 2; beat++)
        {
            host.Time.Advance(LiveFor * 0.8);
            await host.BeatAsync(leaving: beat == 1);
            await host.KeepUpAsync(TimeSpan.FromSeconds(1));
        }

        Assert.True(await host.SucceedAsync(Rendered(open)));
    }

    [Fact]
    public async Task What_was_claimed_just_now_is_not_lost_with_the_silence_before()
    {
        await host.SubmitAsync(1);
        var open = await host.TakeOneAsync();
        await host.KeepUpAsync(LiveFor * 2);
        Assert.True(await host.ClaimAsync(open)); // its beat is still on the way
        await host.KeepUpAsync(TimeSpan.Zero);
        Assert.Equal(ImageState.Rendering, (await host.ImageAsync(open.ImageId)).State);
    }

    [Fact]
    public async Task An_image_that_kills_its_workers_is_given_up_after_three()
    {
        await host.SubmitAsync(1);
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await host.ClaimAsync(await host.TakeOneAsync(), $"worker-{attempt}");
            await host.KeepUpAsync(TimeSpan.FromMinutes(1));
            host.Time.Advance(TimeSpan.FromMinutes(1));
        }

        var image = await host.Db.Images.AsNoTracking().SingleAsync(Token);
        Assert.Equal((ImageState.Failed, 3), (image.State, image.Losses));
        Assert.Contains("worker-3 was lost", image.Error, StringComparison.Ordinal);
        Assert.NotNull((await host.BatchAsync(image.BatchId)).FinishedAt);
    }

    [Fact]
    public async Task A_grant_that_never_reached_its_worker_is_found_out_by_its_beats()
    {
        var open = await host.RenderOneAsync();
        var losses = host.Get<ImageLosses>();
        Assert.Empty(await losses.ForgetAsync(["worker-1"], [], Token)); // the beat may be older than the claim
        host.Time.Advance(new ImageOptions().ForgottenAfter + TimeSpan.FromSeconds(1));
        Assert.Empty(await losses.ForgetAsync(["worker-2"], [], Token));
        Assert.Empty(await losses.ForgetAsync(["worker-1"], [open.AttemptId], Token));
        Assert.Single(await losses.ForgetAsync(["worker-1"], [Guid.NewGuid()], Token));
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((ImageState.Queued, 0), (image.State, image.Failures));
    }

    [Fact]
    public async Task What_one_of_two_processes_of_a_name_draws_is_not_forgotten_by_the_other()
    {
        foreach (var age in new[] { 1, 2, 1, 2 })
        {
            host.Get<Namesakes>().Has(Beat(age));
        }

        await host.SubmitAsync(2);
        var (open, other) = (await host.TakeOneAsync(), await host.TakeOneAsync());
        await host.ClaimAsync(open);
        await host.ClaimAsync(other, "worker-2");
        host.Time.Advance(TimeSpan.FromSeconds(50));
        host.Get<Namesakes>().Has(Beat(hours: 1));
        host.Time.Advance(TimeSpan.FromSeconds(20));
        var queue = await host.Bus.GetSendEndpoint(new Uri($"queue:{Queues.Workers}"));
        await queue.Send(Beat(hours: 2), Token);
        await EventuallyAsync(() => host.Db.Workers.AnyAsync(worker => worker.Id == "worker-1" && worker.BeatAt >= host.Time.GetUtcNow(), Token)); // the next is of another batch
        await queue.Send(CoordinatorHost.Beat("worker-2", host.Time.GetUtcNow()), Token);
        await EventuallyAsync(async () => (await host.ImageAsync(other.ImageId)).State == ImageState.Queued);
        Assert.Equal(ImageState.Rendering, (await host.ImageAsync(open.ImageId)).State);

        WorkerBeat Beat(int hours)
        {
            host.Time.Advance(TimeSpan.FromSeconds(1));
            return CoordinatorHost.Beat("worker-1", host.Time.GetUtcNow()) with { Age = TimeSpan.FromHours(hours) + (host.Time.GetUtcNow() - DateTimeOffset.UnixEpoch) };
        }
    }

    [Theory, InlineData(false, 1, 1, 1, 1), InlineData(false, 1, 2, 2, 2), InlineData(false, 1, 2, 1, 1), InlineData(false, 1, 2, 3, 4), InlineData(true, 1, 2, 1, 2)]
    public void Two_processes_have_a_name_whose_beats_tell_of_one_and_the_other_by_turns(bool two, params int[] processes)
    {
        var has = false;
        foreach (var process in processes)
        {
            host.Time.Advance(TimeSpan.FromSeconds(1));
            var now = host.Time.GetUtcNow();
            has = host.Get<Namesakes>().Has(CoordinatorHost.Beat("worker-1", now) with { Age = now - DateTimeOffset.UnixEpoch - TimeSpan.FromHours(process) });
        }

        Assert.Equal(two, has);
        host.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.False(host.Get<Namesakes>().Has(CoordinatorHost.Beat("worker-1", host.Time.GetUtcNow()) with { Age = TimeSpan.Zero }));
    }

    [Fact]
    public async Task An_image_that_kills_a_worker_which_comes_back_at_once_under_its_name_has_killed_it()
    {
        var open = await host.RenderOneAsync();
        host.Time.Advance(TimeSpan.FromMinutes(2));
        await BeatAsync(age: LiveFor * 0.5);
        await BeatAsync(age: LiveFor * 1.5);
        await EventuallyAsync(async () => (await host.ImageAsync(open.ImageId)).State == ImageState.Queued);
        var image = await host.ImageAsync(open.ImageId);
        Assert.Equal((1, 1, "Worker worker-1 ended while drawing it, and began anew."), (image.Failures, image.Losses, image.Error));
    }

    [Fact]
    public async Task What_a_young_process_has_in_hand_or_claimed_itself_is_not_lost()
    {
        await host.SubmitAsync(2);
        var (named, claimed) = (await host.TakeOneAsync(), await host.TakeOneAsync());
        await host.ClaimAsync(named);
        host.Time.Advance(TimeSpan.FromSeconds(30));
        await host.ClaimAsync(claimed);
        Assert.Empty(await host.Get<ImageLosses>().OutliveAsync([("worker-1", TimeSpan.FromSeconds(20)), ("worker-2", TimeSpan.Zero)], [named.AttemptId], Token));
        Assert.Single(await host.Get<ImageLosses>().OutliveAsync([("worker-1", TimeSpan.FromSeconds(20))], [], Token));
    }

    [Fact]
    public async Task What_was_sent_to_a_worker_by_name_before_it_listened_waits_again_at_once()
    {
        await host.SubmitAsync(2);
        var lane = await host.Db.Recipes.Select(recipe => recipe.Id).SingleAsync(Token);
        var taken = Assert.Single(await host.Get<ImageClaims>().TakeAsync([(lane, 1)], Token, worker: "worker-1"));
        await host.TakeAsync(1); // for anybody: that queue outlives connections
        host.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(await host.Get<ImageLosses>().UnheardAsync([("worker-1", TimeSpan.FromSeconds(11)), ("worker-2", TimeSpan.Zero)], Token));
        await BeatAsync(age: TimeSpan.FromHours(1), listensFor: TimeSpan.FromSeconds(9));
        await EventuallyAsync(async () => (await host.ImageAsync(taken.Id)).State == ImageState.Queued);
        Assert.Equal(1, await host.Db.Images.CountAsync(image => image.State == ImageState.Dispatched, Token));
    }

    [Fact]
    public async Task What_does_not_come_to_a_worker_that_waits_is_published_again()
    {
        await host.SubmitAsync(2);
        await host.TakeAsync(1);
        host.Time.Advance(TimeSpan.FromSeconds(16));
        await host.TakeAsync(1); // just now
        var losses = host.Get<ImageLosses>();
        var before = host.Time.GetUtcNow() - TimeSpan.FromSeconds(15);
        Assert.Empty(await losses.StrayedAsync(["another"], before, Token));
        var queue = await host.Bus.GetSendEndpoint(new Uri($"queue:{Queues.Workers}"));
        await queue.Send(CoordinatorHost.Beat("worker-1", host.Time.GetUtcNow()) with { IdleFor = TimeSpan.FromSeconds(16) }, Token);
        await EventuallyAsync(() => host.Db.Images.AnyAsync(image => image.State == ImageState.Queued, Token));
        Assert.Equal(1, await host.Db.Images.CountAsync(image => image.State == ImageState.Dispatched && image.Failures == 0, Token));
    }

    [Fact]
    public async Task A_restart_takes_back_what_was_sent_without_a_failure_and_leaves_ended_images_alone()
    {
        await host.SubmitAsync(3);
        await host.SucceedAsync(Rendered(await host.TakeOneAsync()));
        await host.TakeAsync(2);
        Assert.Equal(2, await host.Get<ImageLosses>().RestartAsync(Token));
        Assert.Equal(
            [(ImageState.Succeeded, 0), (ImageState.Queued, 0), (ImageState.Queued, 0)],
            host.Db.Images.OrderBy(image => image.Index).AsEnumerable().Select(image => (image.State, image.Failures)));
    }

    [Fact]
    public async Task An_image_that_kills_the_farm_is_drawn_again_at_once_and_given_up_in_the_end()
    {
        await host.SubmitAsync(1);
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            var open = await host.TakeOneAsync(); // the clock stands: no wait
            await host.ClaimAsync(open);
            Assert.Equal(1, await host.Get<ImageLosses>().RestartAsync(Token));
            Assert.Equal(AttemptOutcome.Lost, (await host.AttemptAsync(open.AttemptId)).Outcome);
        }

        var image = await host.Db.Images.AsNoTracking().SingleAsync(Token);
        Assert.Equal((ImageState.Failed, "The farm was restarted while drawing it."), (image.State, image.Error));
    }

    private async Task BeatAsync(TimeSpan age, TimeSpan? listensFor = null)
    {
        var queue = await host.Bus.GetSendEndpoint(new Uri($"queue:{Queues.Workers}"));
        await queue.Send(CoordinatorHost.Beat("worker-1", host.Time.GetUtcNow()) with { Age = age, ListensFor = listensFor }, Token);
    }

    [Fact]
    public async Task A_new_dispatcher_takes_back_what_it_cannot_know_to_be_published()
    {
        await host.SubmitAsync(2);
        var claimed = await host.TakeOneAsync();
        await host.ClaimAsync(claimed);
        var unclaimed = await host.TakeOneAsync();
        Assert.Equal([unclaimed.ImageId], (await host.Get<ImageLosses>().SupersedeAsync(Token)).Select(image => image.Id));
        Assert.False(await host.ClaimAsync(unclaimed));
        Assert.True(await host.SucceedAsync(Rendered(claimed)));
    }
}
