using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>Draws a grey square by seed at no cost, on a real <see cref="DeviceThread"/>; a hook may fail or hold a step.</summary>
internal sealed class FakeRenderer : IRenderer, IDisposable
{
    private readonly DeviceThread device = new("fake");
    private int rendering;

    public string Device => "fake";

    public RenderEnvironment Environment => Some.Environment;

    public IReadOnlyList<ModelDescription> Models { get; init; } = [Some.Model];

    /// <summary>Called on the device's thread before each step with the group and the steps done.</summary>
    public Action<RenderGroup, int, CancellationToken> BeforeStep { get; init; } = (_, _, _) => { };

    /// <summary>Groups in the order they were rendered.</summary>
    public List<RenderGroup> Groups { get; } = [];

    /// <summary>Most groups that were ever at work at once.</summary>
    public int MostAtOnce { get; private set; }

    public Task<IReadOnlyList<ModelDescription>> LoadAsync(CancellationToken cancellationToken) => Task.FromResult(Models);

    public Task<RenderedGroup> RenderAsync(RenderGroup group, CancellationToken cancellationToken) => device.RunAsync(
        () =>
        {
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref rendering));
            try
            {
                return Render(group, cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref rendering);
            }
        },
        cancellationToken);

    public void Dispose() => device.Dispose();

    private RenderedGroup Render(RenderGroup group, CancellationToken cancellationToken)
    {
        Groups.Add(group);
        group.Started();
        for (var step = 0; step < group.Images[0].Steps; step++)
        {
            BeforeStep(group, step, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            group.StepDone(step + 1);
        }
        return new RenderedGroup([.. group.Images.Select(Draw)], TimeSpan.FromSeconds(1));
    }

    private static Picture Draw(ImageSettings settings) =>
        new(settings.Width, settings.Height, 3, [.. Enumerable.Repeat((byte)settings.Seed, settings.Width * settings.Height * 3)]);
}
