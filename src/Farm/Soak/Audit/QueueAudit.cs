using System.Net.Http.Json;
using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Soak.Audit;

/// <summary>Looks for messages that lie in the broker of a farm at rest.</summary>
internal static class QueueAudit
{
    // the broker counts now and then, so a message that was just taken may still be told of
    private static readonly TimeSpan LongestCount = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private sealed record Queue(string Name, long? Messages);

    /// <summary>Queues that are not empty, those of messages that could not be handled among them.</summary>
    public static async Task<List<string>> RunAsync(RabbitMqServer broker, string virtualHost, CancellationToken cancellationToken)
    {
        using var http = broker.OpenManagement();
        for (var start = TimeProvider.System.GetTimestamp(); ; await Task.Delay(Pause, cancellationToken))
        {
            var queues = await http.GetFromJsonAsync<List<Queue>>($"queues/{virtualHost}", cancellationToken);
            var faults = queues!.Where(queue => queue.Messages != 0)
                .Select(queue => queue.Messages is { } messages ? $"queue {queue.Name} holds {messages} messages" : $"queue {queue.Name} is not counted").ToList();
            if (faults.Count == 0 || TimeProvider.System.GetElapsedTime(start) > LongestCount)
            {
                return faults;
            }
        }
    }
}
