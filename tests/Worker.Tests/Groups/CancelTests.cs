using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Groups;

public sealed class CancelTests : IDisposable
{
    private readonly ManualResetEventSlim begun = new();
    private readonly ManualResetEventSlim go = new();
    private readonly Bench bench;

    public CancelTests() => bench = new Bench
    {
        Renderer = new FakeRenderer
        {
            BeforeStep = (_, _, _) =>
            {
                begun.Set();
                go.Wait(Cancel);
            },
        },
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        go.Set();
        bench.Dispose();
        begun.Dispose();
        go.Dispose();
    }

    [Fact]
    public async Task Cancelled_group_stops_between_two_steps_and_nobody_hears_of_it()
    {
        var (one, other) = (Some.Image(), Some.Image());
        var work = bench.RunAsync(Some.Group(one, other));
        begun.Wait(Cancel);

        bench.InHand.Cancel(Set(one, other));
        go.Set();
        await work;

        Assert.Empty(bench.Bus.Rendered);
        Assert.Empty(bench.Bus.Returned);
        Assert.Empty(bench.Bus.Failed);
        Assert.Empty(bench.Store.Objects);
    }

    [Fact]
    public async Task Image_cancelled_while_its_company_is_drawn_stops_nothing()
    {
        var (one, other) = (Some.Image(), Some.Image());
        var work = bench.RunAsync(Some.Group(one, other));
        begun.Wait(Cancel);

        bench.InHand.Cancel(Set(one));
        go.Set();
        await work;

        Assert.Contains(bench.Bus.Rendered, image => image.AttemptId == other.AttemptId);
        Assert.Single(bench.Renderer.Groups);
    }

    [Fact]
    public async Task Image_cancelled_before_its_group_has_the_device_is_not_drawn()
    {
        var (cancelled, left) = (Some.Image(), Some.Image());
        var first = bench.RunAsync(Some.Group(Some.Image()));
        begun.Wait(Cancel);
        var second = bench.RunAsync(Some.Group(cancelled, left));

        bench.InHand.Cancel(Set(cancelled));
        go.Set();
        await Task.WhenAll(first, second);

        Assert.All(bench.Renderer.Groups, group => Assert.Single(group.Images));
        Assert.Contains(bench.Bus.Rendered, image => image.AttemptId == left.AttemptId);
        Assert.DoesNotContain(bench.Bus.Rendered, image => image.AttemptId == cancelled.AttemptId);
        Assert.Empty(bench.Bus.Returned);
    }

    private static HashSet<Guid> Set(params ImageToRender[] images) => [.. images.Select(image => image.AttemptId)];
}
