using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Groups;

/// <summary>Asks the coordinator once.</summary>
/// <param name="claim">What for.</param>
/// <param name="cancellationToken">Ends the waiting for its answer.</param>
public delegate Task<ImagesClaimed> ClaimRequest(ClaimImages claim, CancellationToken cancellationToken);

/// <summary>Asks the coordinator which attempts this worker may draw, until there is an answer: asked again, it grants the same ones again.</summary>
public sealed partial class ImageClaims(ClaimRequest request, TimeProvider time, IOptions<WorkerOptions> options, ILogger<ImageClaims> logger)
{
    /// <summary>How long an answer is waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Who asks.</summary>
    public string WorkerId => options.Value.Id;

    /// <summary>The attempts that are this worker's.</summary>
    /// <exception cref="OperationCanceledException">Ended before there was an answer.</exception>
    public async Task<IReadOnlySet<Guid>> AskAsync(IReadOnlyList<AttemptReference> attempts, CancellationToken cancellationToken)
    {
        for (var pause = TimeSpan.FromSeconds(0.5); ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks)))
        {
            try
            {
                var claim = new ClaimImages { WorkerId = options.Value.Id, Timestamp = time.GetUtcNow(), Attempts = attempts };
                var claimed = await request(claim, cancellationToken).ConfigureAwait(false);
                return claimed.Granted.ToHashSet();
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested) // no answer, the broker away, or the database: all of it passes
            {
                LogUnanswered(error, attempts.Count, pause, error.Message);
            }

            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The coordinator did not answer the claim of {Count} images, asked again in {Pause}: {Reason}")]
    private partial void LogUnanswered(Exception error, int count, TimeSpan pause, string reason);
}
