using MassTransit;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>Keeps what a bus sends, reports of images entry by entry, and lets a test wait for it.</summary>
internal sealed class SendLog : ISendObserver
{
    private readonly Lock gate = new();
    private readonly List<object> sent = [];
    private TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<T> All<T>()
    {
        lock (gate)
        {
            return [.. sent.OfType<T>()];
        }
    }

    /// <summary>The first message or entry of the kind that fits, past or to come.</summary>
    public async Task<T> FirstAsync<T>(Func<T, bool> fits, CancellationToken cancellationToken) where T : class
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (sent.OfType<T>().FirstOrDefault(fits) is { } found)
                {
                    return found;
                }
                next = more.Task;
            }
            await next.WaitAsync(TimeSpan.FromMinutes(1), cancellationToken);
        }
    }

    public Task PreSend<T>(SendContext<T> context) where T : class => Task.CompletedTask;

    public Task PostSend<T>(SendContext<T> context) where T : class
    {
        lock (gate)
        {
            sent.Add(context.Message);
            if (context.Message is ImagesReported report)
            {
                sent.AddRange([.. report.Rendered, .. report.Failed, .. report.Returned, .. report.Progressed]);
            }
            more.SetResult();
            more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        return Task.CompletedTask;
    }

    public Task SendFault<T>(SendContext<T> context, Exception exception) where T : class => Task.CompletedTask;
}
