using System.Collections.Concurrent;

namespace StableDiffusion.Worker.Rendering;

/// <summary>
/// The one thread that runs a device's networks, call after call in the order they came. Torch's scopes and its thread count
/// belong to a thread and do not follow an await, so nothing else may touch the device.
/// </summary>
public sealed class DeviceThread : IDisposable
{
    private readonly BlockingCollection<Action> calls = [];
    private readonly Thread thread;
    private long pulse;
    private volatile bool works;

    /// <summary>Starts the thread, which waits for calls until <see cref="Dispose"/>.</summary>
    public DeviceThread(string name)
    {
        thread = new Thread(RunCalls) { Name = name, IsBackground = true };
        thread.Start();
    }

    /// <summary>Another number with each call, and each <see cref="Beat"/> of it; null while there is none.</summary>
    public long? Pulse => works ? Interlocked.Read(ref pulse) : null;

    /// <summary>The call at hand gets on.</summary>
    public void Beat() => Interlocked.Increment(ref pulse);

    /// <summary>Runs <paramref name="call"/> on the thread when its turn comes; awaiting goes on elsewhere.</summary>
    /// <param name="call">May run for long.</param>
    /// <param name="cancellationToken">Cancelled before the turn comes: the call is skipped.</param>
    public Task<T> RunAsync<T>(Func<T> call, CancellationToken cancellationToken)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        calls.Add(() => Complete(completion, call, cancellationToken), cancellationToken);
        return completion.Task;
    }

    /// <summary>Lets the calls at hand finish, then ends the thread.</summary>
    public void Dispose()
    {
        calls.CompleteAdding();
        thread.Join();
        calls.Dispose();
    }

    private static void Complete<T>(TaskCompletionSource<T> completion, Func<T> call, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            completion.SetResult(call());
        }
        catch (OperationCanceledException e)
        {
            completion.SetCanceled(e.CancellationToken);
        }
        catch (Exception e) // handed to the one who awaits; the thread must outlive it
        {
            completion.SetException(e);
        }
    }

    private void RunCalls()
    {
        foreach (var call in calls.GetConsumingEnumerable())
        {
            Beat();
            works = true;
            call();
            works = false;
        }
    }
}
