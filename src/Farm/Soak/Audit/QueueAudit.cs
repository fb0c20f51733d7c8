using System.Net.Http.Json;
using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Soak.Audit;

/// <summary>Looks for messages that lie in the broker of a farm at rest.</summary>
internal static class QueueAudit
{
    // a question whose answer was lost is asked again after ten seconds, and the broker counts now and then
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private sealed record Queue(string Name, long? Messages);

    /// <summary>Queues that do not get empty (workers that live beat on), those of messages that could not be handled among them.</summary>
    public static async Task<List<string>> RunAsync(RabbitMqServer broker, string virtualHost, CancellationToken cancellationToken)
    {
        using var http = broker.OpenManagement();
        HashSet<string> emptied = [];
        for (var start = TimeProvider.System.GetTimestamp(); ; await Task.Delay(Pause, cancellationToken))
        {
            var queues = await http.GetFromJsonAsync<List<Queue>>($"queues/{virtualHost}", cancellationToken);
            emptied.UnionWith(queues!.Where(queue => queue.Messages == 0).Select(queue => queue.Name));
            var faults = queues!.Where(queue => !emptied.Contains(queue.Name)).Select(queue => $"queue {queue.Name} holds {queue.Messages} messages").ToList();
            if (faults.Count == 0 || TimeProvider.System.GetElapsedTime(start) > Longest)
            {
                return faults;
            }
        }
    }
}
