using System.Collections.Concurrent;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Rendering;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>Draws a grey square by seed at no cost, on a real <see cref="DeviceThread"/>; a hook may fail or hold a step.</summary>
internal sealed class FakeRenderer : IRenderer, IDisposable
{
    private readonly DeviceThread device = new("fake");
    private int rendering;

    public string Device => "fake";

    public RenderEnvironment Environment => Some.Environment;

    public IReadOnlyList<ModelDescription> Models { get; init; } = [Some.Model];

    public IReadOnlyList<ModelFault> Faults { get; init; } = [];

    /// <summary>Called on the device's thread before each step of each image with the group and the image's steps done.</summary>
    public Action<RenderGroup, int, CancellationToken> BeforeStep { get; init; } = (_, _, _) => { };

    /// <summary>Groups in the order they were rendered.</summary>
    public List<RenderGroup> Groups { get; } = [];

    /// <summary>Most groups that were ever at work at once.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>Names of models for which there is no room at the start.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];

    /// <summary>Called with a name before it is loaded later.</summary>
    public Action<string> BeforeLoad { get; init; } = _ => { };

    /// <summary>Where a model that is loaded later is looked for; without it, it is there.</summary>
    public ModelSource? Source { get; set; }

    public ModelRoom Room { get; init; } = new(ScalarType.Float32, Bytes: null, "main memory");

    /// <summary>Asked for with the number of models that were dropped.</summary>
    public Func<int, long?> Free { get; init; } = _ => null;

    public long? FreeRoom => Free(Dropped.Count);

    public long? Pulse { get; set; }

    /// <summary>Models that were dropped.</summary>
    public ConcurrentQueue<string> Dropped { get; } = [];

    public Task<LoadedModels> LoadAsync(CancellationToken cancellationToken) => Task.FromResult(new LoadedModels(Models, Faults) { Others = Others });

    public async Task<ModelDescription> LoadAsync(string model, CancellationToken cancellationToken)
    {
        using var found = Source is null ? null : await Source.FindAsync(model, ScalarType.Float32, cancellationToken);
        return await device.RunAsync(
            () =>
            {
                BeforeLoad(model);
                return Some.Model with { Name = model, Hash = found?.Registered?.Sha256 ?? Some.Model.Hash };
            },
            cancellationToken);
    }

    public Task DropAsync(string model, string? wanted, CancellationToken cancellationToken) => device.RunAsync(
        () =>
        {
            Dropped.Enqueue(model);
            return true;
        },
        cancellationToken);

    public Task RenderAsync(RenderGroup group, CancellationToken cancellationToken) => device.RunAsync(
        () =>
        {
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref rendering));
            try
            {
                Render(group, cancellationToken);
                return true;
            }
            finally
            {
                Interlocked.Decrement(ref rendering);
            }
        },
        cancellationToken);

    public void Dispose() => device.Dispose();

    private void Render(RenderGroup group, CancellationToken cancellationToken)
    {
        Groups.Add(group);
        for (var image = 0; image < group.Images.Count; image++)
        {
            group.Started(image);
            for (var step = 0; step < group.Images[image].Steps; step++)
            {
                BeforeStep(group, step, cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                var settings = group.Images[image];
                group.StepDone(new StepNews(image, step + 1, settings.Steps, () => Draw(settings)));
            }
            group.Rendered(image, new RenderedImage(Draw(group.Images[image]), TimeSpan.FromSeconds(1)) { PeakMemory = 1 << 20 });
        }
    }

    private static Picture Draw(ImageSettings settings) =>
        new(settings.Width, settings.Height, 3, [.. Enumerable.Repeat((byte)settings.Seed, settings.Width * settings.Height * 3)]);
}
