using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Uploads;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>The worker's logic put together by hand, with nothing real around it.</summary>
internal sealed class Bench : IDisposable
{
    public FakeRenderer Renderer { get; init; } = new();

    public FakeStore Store { get; init; } = new();

    public FakeBus Bus { get; init; } = new();

    public SkippingTime Time { get; } = new();

    public WorkInHand InHand { get; } = new();

    public WorkerOptions Options { get; } = new() { Id = "worker-1", Models = ".", ProgressInterval = TimeSpan.Zero };

    public HeldModels Models { get; } = new();

    public Reporter Reporter => new(Bus, Time, Microsoft.Extensions.Options.Options.Create(Options), NullLogger<Reporter>.Instance);

    public Uploader Uploader => new(Store, InHand, Time, NullLogger<Uploader>.Instance);

    public GroupRunner Runner
    {
        get
        {
            Models.Add(Some.Model);
            return new GroupRunner(Renderer, Models, InHand, Uploader, Reporter, Microsoft.Extensions.Options.Options.Create(Options), NullLogger<GroupRunner>.Instance);
        }
    }

    public void Dispose()
    {
        Renderer.Dispose();
        InHand.Dispose();
    }
}
