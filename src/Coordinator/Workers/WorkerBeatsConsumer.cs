using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images.Lifecycle;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Takes in workers' beats, many at once: a thousand workers are some hundred beats a second.</summary>
public sealed class WorkerBeatsConsumer(WorkerRegister register, WorkerActions actions, ImageLosses losses, DispatchSignal dispatch) : IConsumer<Batch<WorkerBeat>>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<Batch<WorkerBeat>> context)
    {
        var beats = context.Message.Select(beat => beat.Message).ToList();
        await actions.TellAsync(await register.BeatAsync(beats, context.CancellationToken), context.CancellationToken);
        var forgotten = await losses.ForgetAsync(
            [.. beats.Select(beat => beat.WorkerId).Distinct()], [.. beats.SelectMany(beat => beat.Attempts.Concat(beat.Reported))], context.CancellationToken);
        if (forgotten.Count > 0)
        {
            dispatch.Wake();
        }
    }
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
