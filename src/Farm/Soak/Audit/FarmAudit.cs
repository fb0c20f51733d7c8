using StableDiffusion.Farm.Trials;

namespace StableDiffusion.Farm.Soak.Audit;

/// <summary>What an audit found.</summary>
/// <param name="Faults">Nothing, if all is well.</param>
/// <param name="Superseded">Objects of attempts that were given up after they had written them.</param>
/// <param name="Ends">Images by the state they ended in.</param>
internal sealed record AuditReport(IReadOnlyList<string> Faults, int Superseded, IReadOnlyDictionary<string, int> Ends);

/// <summary>Looks through everything that a farm at rest has: all tables, all objects, all queues and all temporary places.</summary>
internal static class FarmAudit
{
    /// <summary>Looks through a farm whose images are all at an end; its processes may live.</summary>
    public static async Task<AuditReport> RunAsync(TrialFarm farm, CancellationToken cancellationToken)
    {
        var rows = await RowAudit.RunAsync(farm.Database, cancellationToken);
        var (objects, superseded) = await ObjectAudit.RunAsync(farm.Database, farm.Objects, cancellationToken);
        var queues = await QueueAudit.RunAsync(farm.Servers.RabbitMq, farm.VirtualHost, cancellationToken);
        var files = farm.TemporaryFolders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Select(file => $"temporary file {file} is left");
        return new AuditReport([.. rows, .. objects, .. queues, .. files], superseded, await EndsAsync(farm, cancellationToken));
    }

    private static async Task<Dictionary<string, int>> EndsAsync(TrialFarm farm, CancellationToken cancellationToken)
    {
        await using var command = farm.Database.CreateCommand("SELECT state, count(*)::int FROM images GROUP BY state");
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        Dictionary<string, int> ends = [];
        while (await rows.ReadAsync(cancellationToken))
        {
            ends[rows.GetString(0)] = rows.GetInt32(1);
        }

        return ends;
    }
}
