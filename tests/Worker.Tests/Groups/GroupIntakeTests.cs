using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Groups;

public sealed class GroupIntakeTests : IDisposable
{
    private readonly ManualResetEventSlim go = new(initialState: true);
    private readonly Bench bench;
    private Action atStep = () => { };

    public GroupIntakeTests() => bench = new Bench { Renderer = new FakeRenderer { BeforeStep = (_, _, _) => { go.Wait(Cancel); atStep(); } } };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        go.Set();
        bench.Dispose();
        go.Dispose();
    }

    [Fact]
    public async Task Granted_images_are_drawn_and_the_others_forgotten_without_a_word()
    {
        var (granted, refused) = (Some.Image(), Some.Image());
        bench.Coordinator = (claim, _) =>
        {
            Assert.Equal([granted.AttemptId, refused.AttemptId], claim.Attempts.Select(attempt => attempt.AttemptId));
            return Task.FromResult(new ImagesClaimed { Granted = [granted.AttemptId] });
        };

        Assert.True(await bench.Intake.TakeAsync(Some.Group(granted, refused), Cancel));
        await bench.InHand.KeptAsync();

        Assert.Single(Assert.Single(bench.Renderer.Groups).Images);
        Assert.Equal(granted.AttemptId, Assert.Single(bench.Bus.Rendered).AttemptId);
        Assert.Empty(bench.Bus.Failed);
        Assert.Empty(bench.Bus.Returned);
    }

    [Fact]
    public async Task Group_of_which_nothing_is_granted_takes_no_place()
    {
        bench.Coordinator = (_, _) => Task.FromResult(new ImagesClaimed { Granted = [] });

        for (var i = 0; i < 10; i++)
        {
            Assert.True(await bench.Intake.TakeAsync(Some.Group(Some.Image()), Cancel));
        }

        Assert.Empty(bench.Bus.Sent);
        Assert.Empty(bench.Renderer.Groups);
    }

    [Fact]
    public async Task Claim_is_asked_again_until_it_is_answered()
    {
        var answer = bench.Coordinator;
        var asked = 0;
        bench.Coordinator = (claim, stop) => ++asked < 3 ? throw new TimeoutException() : answer(claim, stop);

        Assert.True(await bench.Intake.TakeAsync(Some.Group(Some.Image()), Cancel));
        Assert.Equal([0.5, 1], bench.Time.Waits.Select(wait => wait.TotalSeconds).Take(2));
        await bench.InHand.KeptAsync();

        Assert.Single(bench.Bus.Rendered);
    }

    [Fact]
    public async Task Claim_without_an_answer_ends_with_its_delivery_and_gives_the_place_back()
    {
        using var delivery = new CancellationTokenSource();
        var answer = bench.Coordinator;
        bench.Coordinator = async (_, stop) =>
        {
            await delivery.CancelAsync();
            throw new OperationCanceledException(stop);
        };
        for (var i = 0; i < 10; i++)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.Intake.TakeAsync(Some.Group(Some.Image()), delivery.Token));
        }

        bench.Coordinator = answer;
        Assert.True(await bench.Intake.TakeAsync(Some.Group(Some.Image()), Cancel));
        await bench.InHand.KeptAsync();

        Assert.Single(bench.Bus.Rendered);
    }

    [Fact]
    public async Task Second_delivery_of_what_is_or_was_just_in_hand_is_not_even_claimed()
    {
        var command = Some.Group(Some.Image(), Some.Image());
        await bench.Intake.TakeAsync(command, Cancel);
        await bench.InHand.KeptAsync();
        bench.Coordinator = (_, _) => throw new InvalidOperationException("claimed twice");
        bench.Time.Advance(TimeSpan.FromSeconds(50)); // its report may be on the way as long

        Assert.True(await bench.Intake.TakeAsync(command, Cancel));

        Assert.Single(bench.Renderer.Groups);
    }

    [Fact]
    public async Task One_group_is_claimed_ahead_of_the_one_that_is_drawn_and_no_more()
    {
        go.Reset();
        var answer = bench.Coordinator;
        var claims = 0;
        bench.Coordinator = (claim, stop) =>
        {
            Interlocked.Increment(ref claims);
            return answer(claim, stop);
        };
        await bench.Intake.TakeAsync(Some.Group(Some.Image()), Cancel);
        await bench.Intake.TakeAsync(Some.Group(Some.Image()), Cancel);

        var third = bench.Intake.TakeAsync(Some.Group(Some.Image()), Cancel);
        Assert.Equal((false, 2), (third.IsCompleted, claims));
        go.Set();
        Assert.True(await third);
        await bench.InHand.KeptAsync();

        Assert.Equal(3, bench.Bus.Rendered.Count);
    }

    [Fact]
    public async Task What_may_kill_the_worker_is_drawn_with_nothing_else_in_hand()
    {
        go.Reset();
        await bench.Intake.TakeAsync(Some.Group(Some.Image()), Cancel);
        var suspect = bench.Intake.TakeAsync(Some.Group(Some.Image()) with { Alone = true }, Cancel);
        var next = bench.Intake.TakeAsync(Some.Group(Some.Image()), Cancel);
        Assert.Equal((false, 1), (suspect.IsCompleted || next.IsCompleted, bench.InHand.Attempts.Count));

        atStep = () => Assert.Single(bench.InHand.Attempts);
        go.Set();
        Assert.True(await suspect && await next);
        await bench.InHand.KeptAsync();

        Assert.Equal(3, bench.Bus.Rendered.Count);
    }

    [Fact]
    public async Task Command_that_waits_while_the_worker_drains_is_left_to_others()
    {
        go.Reset();
        await bench.Intake.TakeAsync(Some.Group(Some.Image()), Cancel);
        await bench.Intake.TakeAsync(Some.Group(Some.Image()), Cancel);
        var third = bench.Intake.TakeAsync(Some.Group(Some.Image()), Cancel);

        await bench.InHand.RefuseAsync();

        Assert.False(await third);
        go.Set();
        await bench.InHand.KeptAsync();
        Assert.Equal(2, bench.Bus.Rendered.Count);
    }

    [Fact]
    public async Task Images_whose_claim_is_not_answered_before_the_worker_stops_are_handed_back_lest_they_were_granted()
    {
        bench.Coordinator = async (_, stop) =>
        {
            await bench.InHand.StopAsync();
            await Task.Delay(Timeout.Infinite, stop);
            throw new InvalidOperationException("not reached");
        };
        var image = Some.Image();

        Assert.False(await bench.Intake.TakeAsync(Some.Group(image), Cancel));
        await bench.InHand.KeptAsync();

        Assert.Equal(image.AttemptId, Assert.Single(bench.Bus.Returned).AttemptId);
    }

    [Fact]
    public async Task Images_that_are_granted_while_the_worker_stops_are_handed_back()
    {
        var answer = bench.Coordinator;
        bench.Coordinator = async (claim, stop) =>
        {
            await bench.InHand.StopAsync();
            return await answer(claim, stop);
        };

        Assert.True(await bench.Intake.TakeAsync(Some.Group(Some.Image(), Some.Image()), Cancel));
        await bench.InHand.KeptAsync();

        Assert.Equal(2, bench.Bus.Returned.Count);
        Assert.Empty(bench.Bus.Failed);
    }
}
