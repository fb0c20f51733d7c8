using MassTransit;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images.Lifecycle;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Takes in workers' beats, many at once: a thousand workers are some hundred beats a second.</summary>
public sealed class WorkerBeatsConsumer(
    WorkerRegister register, WorkerActions actions, Namesakes namesakes, ImageLosses losses, DispatchSignal dispatch, TimeProvider time, IOptions<WorkerOptions> options)
    : IConsumer<Batch<WorkerBeat>>
{
    // what began just now is looked at for so long, and costs nothing from then on
    private static readonly TimeSpan New = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(15); // a command reaches one that waits within milliseconds

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<Batch<WorkerBeat>> context)
    {
        var (beats, cancellationToken) = (context.Message.Select(beat => beat.Message).ToList(), context.CancellationToken);
        await actions.TellAsync(await register.BeatAsync(beats, cancellationToken), cancellationToken);
        var doubled = beats.Where(namesakes.Has).Select(beat => beat.WorkerId).ToHashSet();
        var single = beats.FindAll(beat => !doubled.Contains(beat.WorkerId));
        if (await OutliveAsync(single, cancellationToken) + await UnheardAsync(beats, cancellationToken) + await StrayedAsync(beats, cancellationToken)
            + await ForgetAsync(single, cancellationToken) > 0)
        {
            dispatch.Wake();
        }
    }

    // not at once: a beat may be as old as a lease, and its process have claimed something since
    private async Task<int> OutliveAsync(List<WorkerBeat> beats, CancellationToken cancellationToken)
    {
        var (least, most) = (options.Value.LiveFor, options.Value.LiveFor + New);
        var young = beats.Where(beat => beat.Age >= least && beat.Age < most).ToList();
        return young.Count == 0 ? 0 : (await losses.OutliveAsync(young.ConvertAll(beat => (beat.WorkerId, beat.Age!.Value)), Named(young), cancellationToken)).Count;
    }

    private async Task<int> UnheardAsync(List<WorkerBeat> beats, CancellationToken cancellationToken)
    {
        var fresh = beats.Where(beat => beat.ListensFor < New).ToList();
        return fresh.Count == 0 ? 0 : (await losses.UnheardAsync(fresh.ConvertAll(beat => (beat.WorkerId, beat.ListensFor!.Value)), cancellationToken)).Count;
    }

    private async Task<int> StrayedAsync(List<WorkerBeat> beats, CancellationToken cancellationToken)
    {
        var idle = beats.Where(beat => beat is { Activity: WorkerActivity.Idle, Leaving: false } && beat.IdleFor >= Idle).Select(beat => beat.WorkerId).ToList();
        return idle.Count == 0 ? 0 : (await losses.StrayedAsync(idle, time.GetUtcNow() - Idle, cancellationToken)).Count;
    }

    private async Task<int> ForgetAsync(List<WorkerBeat> beats, CancellationToken cancellationToken)
    {
        var known = beats.Where(beat => !(beat.Age < options.Value.LiveFor)).ToList(); // of younger ones it is not known who forgot it
        return known.Count == 0 ? 0 : (await losses.ForgetAsync([.. known.Select(beat => beat.WorkerId).Distinct()], Named(known), cancellationToken)).Count;
    }

    private static Guid[] Named(List<WorkerBeat> beats) => [.. beats.SelectMany(beat => beat.Attempts.Concat(beat.Reported))];
}

/// <summary>The queue of <see cref="WorkerRegisteredEndpoint"/>.</summary>
public sealed class WorkerBeatsEndpoint : ConsumerDefinition<WorkerBeatsConsumer>
{
    private const int Most = 100;
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(100);

    /// <summary>Names the queue.</summary>
    public WorkerBeatsEndpoint() => EndpointName = Queues.Workers;

    /// <inheritdoc/>
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<WorkerBeatsConsumer> consumerConfigurator, IRegistrationContext context) =>
        consumerConfigurator.Options<BatchOptions>(options => options.SetMessageLimit(Most).SetTimeLimit(Longest).SetConcurrencyLimit(1));
}
