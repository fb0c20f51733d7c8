using System.Collections.Concurrent;
using MassTransit;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>Keeps what is published, in order; the first publishes fail with the errors given.</summary>
internal sealed class FakeBus(params Exception[] failures) : IPublishEndpoint
{
    private readonly ConcurrentQueue<Exception> failures = new(failures);

    public ConcurrentQueue<object> Published { get; } = new();

    public IEnumerable<T> All<T>() => Published.OfType<T>();

    public Task Publish<T>(T message, CancellationToken cancellationToken = default) where T : class
    {
        if (failures.TryDequeue(out var failure))
        {
            return Task.FromException(failure);
        }
        Published.Enqueue(message);
        return Task.CompletedTask;
    }

    public Task Publish<T>(T message, IPipe<PublishContext<T>> publishPipe, CancellationToken cancellationToken = default) where T : class => throw new NotSupportedException();

    public Task Publish<T>(T message, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default) where T : class => throw new NotSupportedException();

    public Task Publish(object message, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Publish(object message, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Publish(object message, Type messageType, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Publish(object message, Type messageType, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Publish<T>(object values, CancellationToken cancellationToken = default) where T : class => throw new NotSupportedException();

    public Task Publish<T>(object values, IPipe<PublishContext<T>> publishPipe, CancellationToken cancellationToken = default) where T : class => throw new NotSupportedException();

    public Task Publish<T>(object values, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default) where T : class => throw new NotSupportedException();

    public ConnectHandle ConnectPublishObserver(IPublishObserver observer) => throw new NotSupportedException();
}
