using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Takes in what workers say they are.</summary>
public sealed class WorkerRegisteredConsumer(WorkerRegister register) : IConsumer<WorkerRegistered>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<WorkerRegistered> context) => register.RegisterAsync(context.Message, context.CancellationToken);
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
