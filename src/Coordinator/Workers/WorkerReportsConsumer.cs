using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images.Lifecycle;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Takes in what workers say they are.</summary>
public sealed class WorkerRegisteredConsumer(WorkerRegister register) : IConsumer<WorkerRegistered>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<WorkerRegistered> context) => register.RegisterAsync(context.Message, context.CancellationToken);
}

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

/// <summary>A queue of its own, so that beats never wait behind a burst of image reports.</summary>
public sealed class WorkerRegisteredEndpoint : ConsumerDefinition<WorkerRegisteredConsumer>
{
    /// <summary>Names the queue.</summary>
    public WorkerRegisteredEndpoint() => EndpointName = Queues.Workers;

    /// <inheritdoc/>
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<WorkerRegisteredConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ConfigureConsumeTopology = false; // sent to the queue
        endpointConfigurator.PrefetchCount = 200; // more than a batch of beats, or none would ever be full
        endpointConfigurator.UseReportRetries();
    }
}

/// <summary>The same queue.</summary>
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
