using MassTransit;
using StableDiffusion.Contracts;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Commands to one worker. None of them is what the farm's rows depend on: a worker that does not get one is told again, or found out.</summary>
public sealed partial class WorkerCommands(ISendEndpointProvider bus, ILogger<WorkerCommands> logger)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>Sends a command to the worker's own queue; what does not get through is logged and forgotten, as is what a worker that is gone would have read.</summary>
    public async Task TrySendAsync<T>(string workerId, T command, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            // an exchange, not a queue: a queue that is sent to is made, and a gone worker's would stay
            var endpoint = await bus.GetSendEndpoint(new Uri($"exchange:{Queues.Worker(workerId)}?durable=false&autodelete=true"));
            await endpoint.Send(command, context => context.TimeToLive = TimeSpan.FromMinutes(1), CancellationToken.None).WaitAsync(Longest, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotSent(e, typeof(T).Name, workerId, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Command} did not reach worker {WorkerId}: {Reason}")]
    private partial void LogNotSent(Exception error, string command, string workerId, string reason);
}
