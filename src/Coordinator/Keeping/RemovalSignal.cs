namespace StableDiffusion.Coordinator.Keeping;

/// <summary>Wakes the removal of objects; many wakes before it looks are one.</summary>
public sealed class RemovalSignal : IDisposable
{
    private readonly SemaphoreSlim wakes = new(0, 1);

    /// <summary>There is something to remove.</summary>
    public void Wake()
    {
        try
        {
            wakes.Release();
        }
        catch (SemaphoreFullException)
        {
            // it has not looked since the last
        }
    }

    /// <summary>Returns at the next wake, or after a while.</summary>
    public Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken) => wakes.WaitAsync(longest, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => wakes.Dispose();
}
