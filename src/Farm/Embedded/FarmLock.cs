using System.Diagnostics;

namespace StableDiffusion.Farm.Embedded;

/// <summary>Held by the one process that is the farm of a data folder. The kernel lets go of it however the process ends.</summary>
public sealed class FarmLock : IDisposable
{
    /// <summary>What a farm says that finds another there.</summary>
    public const string RunsAlready = "a farm runs already";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly FileStream file;

    private FarmLock(FileStream file) => this.file = file;

    /// <summary>The lock, or null while another process holds it.</summary>
    public static FarmLock? TryTake(DataFolder data)
    {
        try
        {
            return new FarmLock(new FileStream(data.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException error)
        {
            throw new FarmException($"{data.Path} belongs to another user. Set FARM_DATA to a folder of your own.", error);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The lock; null when another process still holds it after a while. One that only looks holds it for an instant.</summary>
    public static async Task<FarmLock?> TakeAsync(DataFolder data, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        FarmLock? taken;
        while ((taken = TryTake(data)) is null && waited.Elapsed < Patience)
        {
            await Task.Delay(Pause, cancellationToken);
        }

        return taken;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
