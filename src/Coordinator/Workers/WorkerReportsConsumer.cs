using MassTransit;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Takes in workers' heartbeats.</summary>
public sealed class WorkerReportsConsumer(WorkerRegister register) : IConsumer<WorkerReported>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<WorkerReported> context) => register.ReportAsync(context.Message, context.CancellationToken);
}

/// <summary>A queue of its own, so that heartbeats never wait behind a burst of image reports.</summary>
public sealed class WorkerReportsEndpoint : ConsumerDefinition<WorkerReportsConsumer>
{
    /// <summary>Names the queue "coordinator.workers".</summary>
    public WorkerReportsEndpoint() => EndpointName = "coordinator.workers";

    /// <inheritdoc/>
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<WorkerReportsConsumer> consumerConfigurator, IRegistrationContext context) =>
        endpointConfigurator.UseReportRetries();
}
