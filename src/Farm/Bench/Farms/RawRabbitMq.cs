using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>What RabbitMQ does in a second by itself: a durable queue, messages of a kilobyte that outlive it, none lost.</summary>
internal static class RawRabbitMq
{
    private const string Queue = "raw";
    private const int Outstanding = 512, MessageBytes = 1024;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    /// <summary>Messages published and confirmed, and messages consumed and acknowledged one by one, in a second. The queue is removed again.</summary>
    public static async Task<(double Publishes, double Consumes)> MeasureAsync(Uri broker, CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync(cancellationToken);
        var confirms = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, outstandingPublisherConfirmationsRateLimiter: null);
        await using var channel = await connection.CreateChannelAsync(confirms, cancellationToken);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: cancellationToken);
        var clock = Stopwatch.StartNew();
        var published = await PublishAsync(channel, clock, cancellationToken);
        var publishes = published / clock.Elapsed.TotalSeconds;
        clock.Restart();
        await ConsumeAsync(channel, published, cancellationToken);
        var consumes = published / clock.Elapsed.TotalSeconds;
        await channel.QueueDeleteAsync(Queue, cancellationToken: cancellationToken);
        return (publishes, consumes);
    }

    private static async Task<int> PublishAsync(IChannel channel, Stopwatch clock, CancellationToken cancellationToken)
    {
        var body = new byte[MessageBytes];
        var properties = new BasicProperties { Persistent = true };
        var published = 0;
        await Task.WhenAll(Enumerable.Range(0, Outstanding).Select(async _ =>
        {
            while (clock.Elapsed < Duration)
            {
                await channel.BasicPublishAsync("", Queue, mandatory: false, properties, body, cancellationToken); // returns with the confirmation
                published++;
                await Task.Yield();
            }
        }));
        return published;
    }

    private static async Task ConsumeAsync(IChannel channel, int messages, CancellationToken cancellationToken)
    {
        var all = new TaskCompletionSource();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
            if (--messages == 0)
            {
                all.SetResult();
            }
        };
        await channel.BasicQosAsync(0, Outstanding, global: false, cancellationToken);
        await channel.BasicConsumeAsync(Queue, autoAck: false, consumer, cancellationToken);
        await all.Task.WaitAsync(cancellationToken);
    }
}
