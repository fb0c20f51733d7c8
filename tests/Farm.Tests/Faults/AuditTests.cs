using RabbitMQ.Client;
using StableDiffusion.Farm.Soak.Audit;
using StableDiffusion.Farm.Tests.EndToEnd;

namespace StableDiffusion.Farm.Tests.Faults;

/// <summary>The audit that other tests rely on sees what is wrong.</summary>
[Collection(OnRealServers.Name)]
public sealed class AuditTests(TestServers servers)
{
    private static readonly (string Spoil, string Fault)[] Rows =
    [
        ("UPDATE images SET state = 'rendering', finished_at = NULL WHERE index = 0", "image is not at an end"),
        ("DELETE FROM attempts USING images WHERE images.id = image_id AND index = 1", "succeeded image has no attempt that succeeded with its object"),
        ("UPDATE images SET attempts = 2 WHERE index = 2", "image counts other attempts than there are"),
        ("UPDATE images SET object_key = (SELECT min(object_key) FROM images WHERE index = 3) WHERE index = 4", "two images have one object"),
        ("UPDATE images SET sha256 = repeat('0', 64) WHERE index = 5", "has other bytes than its row says"),
        ("UPDATE images SET recipe_id = 0 WHERE index = 6", "image is of no batch, or has no recipe or prompt of its batch"),
        ("INSERT INTO prompts (batch_id, text, negative_text) SELECT id, 'unused', '' FROM batches", "prompt is of no image"),
        ("INSERT INTO idempotency_keys (owner_id, key, request_hash, batch_id, created_at) VALUES (1, 'lost', '', gen_random_uuid(), now())", "request with a key made not one batch"),
        ("UPDATE batches SET finished_at = NULL", "batch is not finished"),
        ("DELETE FROM events WHERE type = 'batch.finished'", "batch is told finished not once"),
        ("INSERT INTO events (batch_id, owner_id, type, data) SELECT batch_id, owner_id, type, data FROM events WHERE type = 'images.succeeded'", "image's success is told not once"),
    ];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_is_wrong_is_found()
    {
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 1, Cancelled);
        await trial.EndAndAuditAsync(Cancelled);
        var farm = trial.Farm;
        farm.Workers.ToList().ForEach(farm.Kill);
        farm.Coordinators.Keys.ToList().ForEach(farm.Kill); // or they mend it

        foreach (var (spoil, _) in Rows)
        {
            await using var command = farm.Database.CreateCommand(spoil);
            Assert.NotEqual(0, await command.ExecuteNonQueryAsync(Cancelled));
        }

        await farm.Objects.PutAsync("batches/of-nobody.png", "?"u8.ToArray(), "image/png", metadata: null, Cancelled);
        await File.WriteAllTextAsync(Path.Combine(farm.TemporaryFolders.First(), "left"), "?", Cancelled);
        await using var broker = await new ConnectionFactory { Uri = new Uri(farm.Settings["RabbitMq__Uri"]) }.CreateConnectionAsync(Cancelled);
        await using var channel = await broker.CreateChannelAsync(cancellationToken: Cancelled);
        await channel.QueueDeclareAsync("some_error", durable: true, exclusive: false, autoDelete: false, cancellationToken: Cancelled);
        await channel.BasicPublishAsync("", "some_error", "?"u8.ToArray(), Cancelled);

        var report = await FarmAudit.RunAsync(farm, Cancelled);

        string[] wanted = [.. Rows.Select(row => row.Fault), "object batches/of-nobody.png is of no attempt", "left is left", "queue some_error holds 1 messages"];
        Assert.All(wanted, fault => Assert.Contains(report.Faults, found => found.Contains(fault, StringComparison.Ordinal)));
    }
}
