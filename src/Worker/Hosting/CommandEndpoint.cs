using MassTransit;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Worker.Commands;

namespace StableDiffusion.Worker.Hosting;

/// <summary>The queue of commands to this worker alone. The broker drops it with the worker's connection, and it is made anew with the next.</summary>
public sealed class CommandEndpoint(IReceiveEndpointConnector endpoints, IOptions<WorkerOptions> options)
{
    /// <summary>Listens from now on; returns when the broker has the queue.</summary>
    public Task OpenAsync(CancellationToken cancellationToken) =>
        endpoints.ConnectReceiveEndpoint(Queues.Worker(options.Value.Id), (context, endpoint) =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.ConcurrentMessageLimit = 1; // drain and resume in the order they were told
            if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit)
            {
                (rabbit.Durable, rabbit.AutoDelete) = (false, true); // as Queues.WorkerAddress says
            }

            endpoint.ConfigureConsumer<WorkerCommandsConsumer>(context);
        }).Ready.WaitAsync(cancellationToken);
}
