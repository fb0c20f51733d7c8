using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using StableDiffusion.Contracts;
using StableDiffusion.Farm.Trials;

namespace StableDiffusion.Farm.Soak.Faults;

/// <summary>
/// Delivers what a farm's parts tell each other twice: each message's copy goes to the same queue again, some time later and so
/// out of order.
/// </summary>
internal sealed class DoubleDeliveries : IAsyncDisposable
{
    private readonly IConnection connection;
    private readonly IChannel channel;
    private readonly TimeSpan latest;
    private readonly Random random;
    private readonly ConcurrentDictionary<Task, byte> underWay = new();
    private readonly CancellationTokenSource ending = new();
    private int copies;

    private DoubleDeliveries(IConnection connection, IChannel channel, TimeSpan latest, Random random) =>
        (this.connection, this.channel, this.latest, this.random) = (connection, channel, latest, random);

    /// <summary>Copies delivered so far.</summary>
    public int Copies => copies;

    /// <summary>Begins; the farm's coordinators and workers have made their queues already.</summary>
    /// <param name="farm">Whose messages.</param>
    /// <param name="latest">Longest time from a message to its copy.</param>
    /// <param name="random">Chooses the time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task<DoubleDeliveries> StartAsync(TrialFarm farm, TimeSpan latest, Random random, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = new Uri(farm.Settings["RabbitMq__Uri"]), NetworkRecoveryInterval = TimeSpan.FromSeconds(1) };
        var connection = await factory.CreateConnectionAsync(cancellationToken);
        var deliveries = new DoubleDeliveries(connection, await connection.CreateChannelAsync(cancellationToken: cancellationToken), latest, random);
        foreach (var queue in new[] { Queues.Images, Queues.Claims, Queues.Workers, Queues.Render(FreeRenderer.Model) })
        {
            await deliveries.CopyAsync(queue, cancellationToken);
        }

        return deliveries;
    }

    /// <summary>Ends once the last copy is delivered.</summary>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        foreach (var consumer in underWay.Keys)
        {
            await consumer;
        }

        await channel.DisposeAsync();
        await connection.DisposeAsync();
        ending.Dispose();
    }

    /// <summary>MassTransit has an exchange of the same name before each queue, which every message passes.</summary>
    private async Task CopyAsync(string queue, CancellationToken cancellationToken)
    {
        var tap = (await channel.QueueDeclareAsync($"copies.{queue}", durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellationToken)).QueueName;
        await channel.QueueBindAsync(tap, queue, routingKey: "", cancellationToken: cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (sender, message) =>
        {
            var delay = ending.IsCancellationRequested ? TimeSpan.Zero : latest * random.NextDouble();
            var again = DeliverAsync(queue, message.Body.ToArray(), new BasicProperties(message.BasicProperties), delay);
            underWay.TryAdd(again, 0);
            again.ContinueWith(done => underWay.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(tap, autoAck: true, consumer, cancellationToken);
    }

    private async Task DeliverAsync(string queue, byte[] body, BasicProperties properties, TimeSpan delay)
    {
        await Task.Delay(delay, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await channel.BasicPublishAsync(exchange: "", queue, mandatory: false, properties, body); // straight to the queue: no copy of the copy
            Interlocked.Increment(ref copies);
        }
        catch (Exception error) when (error is RabbitMQClientException or ObjectDisposedException)
        {
            // the broker is away; it is only a copy
        }
    }
}
