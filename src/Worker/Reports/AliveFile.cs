using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Reports;

/// <summary>Shows to whoever looks after the process that its heartbeat goes on, even while the broker is away: by a file's time, since a worker has no port.</summary>
public sealed partial class AliveFile(IOptions<WorkerOptions> options, TimeProvider time, ILogger<AliveFile> logger)
{
    /// <summary>The heart has beaten.</summary>
    public void Touch()
    {
        if (options.Value.AliveFile is not { Length: > 0 } file)
        {
            return;
        }

        try
        {
            File.WriteAllText(file, $"{time.GetUtcNow():O}\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) // whoever looks sees to it when that lasts
        {
            LogFailed(file, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} could not be written; whoever looks there takes this worker for dead: {Reason}")]
    private partial void LogFailed(string file, string reason);
}
