using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Uploads;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>The worker's logic put together by hand, with nothing real around it.</summary>
internal sealed class Bench : IDisposable
{
    private readonly GroupPlaces places;

    public Bench()
    {
        InHand = new WorkInHand(Time, Wrapped);
        places = new GroupPlaces(Time, Wrapped);
        ImagesReporter = new ImagesReporter(Reporter, InHand, Time, Wrapped);
        Models.Add(Some.Model);
    }

    public ILoggerFactory Log { get; init; } = NullLoggerFactory.Instance;

    public FakeRenderer Renderer { get; init; } = new();

    public FakeStore Store { get; init; } = new();

    public FakeBus Bus { get; init; } = new();

    public SkippingTime Time { get; } = new();

    public WorkInHand InHand { get; }

    public WorkerOptions Options { get; } = new() { Id = "worker-1", Models = ".", ProgressInterval = TimeSpan.Zero };

    public HeldModels Models { get; } = new();

    /// <summary>Answers claims; grants all unless a test says otherwise.</summary>
    public ClaimRequest Coordinator { get; set; } = (claim, _) => Task.FromResult(new ImagesClaimed { Granted = [.. claim.Attempts.Select(attempt => attempt.AttemptId)] });

    public Reporter Reporter => new(new Late(this), Time, NullLogger<Reporter>.Instance);

    public ImagesReporter ImagesReporter { get; }

    public Uploader Uploader => new(Store, InHand, Time, Log.CreateLogger<Uploader>());

    public GroupRunner Runner => new(
        Renderer, Models, InHand, new ImageFinisher(Renderer, InHand, Uploader, ImagesReporter, Wrapped, Log.CreateLogger<ImageFinisher>()),
        new ProgressReports(ImagesReporter, Time, Wrapped), ImagesReporter, new Throughput(Time), Wrapped, Log.CreateLogger<GroupRunner>());

    public GroupIntake Intake => new(
        Runner, new ImageClaims((claim, stop) => Coordinator(claim, stop), Time, Wrapped, NullLogger<ImageClaims>.Instance), places, InHand, ImagesReporter, NullLogger<GroupIntake>.Instance);

    private IOptions<WorkerOptions> Wrapped => Microsoft.Extensions.Options.Options.Create(Options);

    /// <summary>As if all of the command was granted; returns when it is reported.</summary>
    public async Task RunAsync(RenderImages command)
    {
        var group = InHand.Take(command, command.Images);
        await Runner.RunAsync(group, () => { });
        InHand.Drop(group);
    }

    public void Dispose()
    {
        InHand.Abandon();
        Renderer.Dispose();
        InHand.Dispose();
    }

    /// <summary>A test gives its bus after the bench is made.</summary>
    private sealed class Late(Bench bench) : MassTransit.ISendEndpointProvider
    {
        public Task<MassTransit.ISendEndpoint> GetSendEndpoint(Uri address) => bench.Bus.GetSendEndpoint(address);

        public MassTransit.ConnectHandle ConnectSendObserver(MassTransit.ISendObserver observer) => throw new NotSupportedException();
    }
}
