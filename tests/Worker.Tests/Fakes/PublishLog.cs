using MassTransit;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>Keeps what a bus publishes and lets a test wait for it.</summary>
internal sealed class PublishLog : IPublishObserver
{
    private readonly Lock gate = new();
    private readonly List<object> published = [];
    private TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<T> All<T>()
    {
        lock (gate)
        {
            return [.. published.OfType<T>()];
        }
    }

    /// <summary>The first message of the kind that fits, past or to come.</summary>
    public async Task<T> FirstAsync<T>(Func<T, bool> fits, CancellationToken cancellationToken) where T : class
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (published.OfType<T>().FirstOrDefault(fits) is { } found)
                {
                    return found;
                }
                next = more.Task;
            }
            await next.WaitAsync(TimeSpan.FromMinutes(1), cancellationToken);
        }
    }

    public Task PrePublish<T>(PublishContext<T> context) where T : class => Task.CompletedTask;

    public Task PostPublish<T>(PublishContext<T> context) where T : class
    {
        lock (gate)
        {
            published.Add(context.Message);
            more.SetResult();
            more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        return Task.CompletedTask;
    }

    public Task PublishFault<T>(PublishContext<T> context, Exception exception) where T : class => Task.CompletedTask;
}
