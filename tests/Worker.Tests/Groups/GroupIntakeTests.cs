using Microsoft.Extensions.Logging.Abstractions;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Groups;

public sealed class GroupIntakeTests : IDisposable
{
    private readonly Bench bench = new();
    private readonly RenderImages command;

    public GroupIntakeTests() => command = Some.Group(Some.Image(), Some.Image()) with { ExpiresAt = bench.Time.GetUtcNow().AddMinutes(1) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private GroupIntake Intake => new(bench.Runner, bench.InHand, bench.Time, NullLogger<GroupIntake>.Instance);

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task Fresh_command_is_rendered()
    {
        await Intake.TakeAsync(command, redelivered: false, Cancel);

        Assert.Equal(2, bench.Bus.All<ImageRendered>().Count());
    }

    [Fact]
    public async Task Redelivered_command_is_handed_back_because_another_may_have_begun_it()
    {
        await Intake.TakeAsync(command, redelivered: true, Cancel);

        AssertHandedBack();
    }

    [Fact]
    public async Task Expired_command_is_handed_back()
    {
        await Intake.TakeAsync(command with { ExpiresAt = bench.Time.GetUtcNow() }, redelivered: false, Cancel);

        AssertHandedBack();
    }

    [Fact]
    public async Task Command_that_meets_a_stopping_worker_is_handed_back()
    {
        await bench.InHand.StopAsync();

        await Intake.TakeAsync(command, redelivered: false, Cancel);

        AssertHandedBack();
    }

    [Fact]
    public async Task Second_delivery_of_what_is_at_work_here_means_nothing()
    {
        using var taken = bench.InHand.Take([command.Images[1].AttemptId]);

        await Intake.TakeAsync(command, redelivered: true, Cancel);

        Assert.Empty(bench.Bus.Published);
        Assert.Empty(bench.Renderer.Groups);
    }

    private void AssertHandedBack()
    {
        Assert.Equal(command.Images.Select(image => image.AttemptId).Order(), bench.Bus.All<ImageReturned>().Select(report => report.AttemptId).Order());
        Assert.Equal(2, bench.Bus.Published.Count);
        Assert.Empty(bench.Renderer.Groups);
    }
}
