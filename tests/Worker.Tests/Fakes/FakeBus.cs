using System.Collections.Concurrent;
using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>Keeps what is sent, in order; the first sends fail with the errors given.</summary>
internal sealed class FakeBus(params Exception[] failures) : ISendEndpointProvider, ISendEndpoint
{
    private readonly ConcurrentQueue<Exception> failures = new(failures);

    public ConcurrentQueue<object> Sent { get; } = new();

    public IReadOnlyList<ImagesReported> Reports => [.. Sent.OfType<ImagesReported>()];

    public IReadOnlyList<ImageRendered> Rendered => [.. Reports.SelectMany(report => report.Rendered)];

    public IReadOnlyList<ImageFailed> Failed => [.. Reports.SelectMany(report => report.Failed)];

    public IReadOnlyList<AttemptReference> Returned => [.. Reports.SelectMany(report => report.Returned)];

    public IReadOnlyList<ImageProgressed> Progressed => [.. Reports.SelectMany(report => report.Progressed)];

    /// <summary>Called at each send; a task that is not done holds it up.</summary>
    public Func<Task> BeforeSend { get; set; } = () => Task.CompletedTask;

    public Task<ISendEndpoint> GetSendEndpoint(Uri address)
    {
        Assert.Contains(address.AbsolutePath, new[] { Queues.Images, Queues.Workers });
        return Task.FromResult<ISendEndpoint>(this);
    }

    public async Task Send<T>(T message, CancellationToken cancellationToken = default) where T : class
    {
        await BeforeSend().WaitAsync(cancellationToken);
        if (failures.TryDequeue(out var failure))
        {
            throw failure;
        }
        Sent.Enqueue(message);
    }

    public Task Send<T>(T message, IPipe<SendContext<T>> pipe, CancellationToken cancellationToken = default) where T : class => Send(message, cancellationToken);

    public Task Send<T>(T message, IPipe<SendContext> pipe, CancellationToken cancellationToken = default) where T : class => throw new NotSupportedException();

    public Task Send(object message, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Send(object message, Type messageType, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Send(object message, IPipe<SendContext> pipe, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Send(object message, Type messageType, IPipe<SendContext> pipe, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Send<T>(object values, CancellationToken cancellationToken = default) where T : class => throw new NotSupportedException();

    public Task Send<T>(object values, IPipe<SendContext<T>> pipe, CancellationToken cancellationToken = default) where T : class => throw new NotSupportedException();

    public Task Send<T>(object values, IPipe<SendContext> pipe, CancellationToken cancellationToken = default) where T : class => throw new NotSupportedException();

    public ConnectHandle ConnectSendObserver(ISendObserver observer) => throw new NotSupportedException();
}
