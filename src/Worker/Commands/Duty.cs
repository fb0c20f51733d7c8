using Microsoft.Extensions.Logging;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Commands;

/// <summary>Whether the worker takes work: it drains when told to, until told to resume.</summary>
public sealed partial class Duty(WorkInHand inHand, ModelQueues queues, ILogger<Duty> logger)
{
    /// <summary>Takes nothing new from now on. Returns when the queues are closed; what is in hand may go on.</summary>
    /// <param name="now">Whether what is in hand goes back instead, between two steps.</param>
    /// <param name="cancellationToken">Ends the waiting for the queues.</param>
    public async Task DrainAsync(bool now, CancellationToken cancellationToken)
    {
        if (!inHand.Draining)
        {
            LogDrains(now);
        }

        await inHand.RefuseAsync().ConfigureAwait(false);
        if (now)
        {
            inHand.HandBack();
        }

        await queues.CloseAllAsync(cancellationToken).ConfigureAwait(false);
        if (now)
        {
            inHand.HandBack(); // what was being claimed just then
        }
    }

    /// <summary>Takes work again.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        if (inHand.Draining)
        {
            LogResumes();
            inHand.Accept();
            await queues.OpenAllAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Drains (at once: {Now})")]
    private partial void LogDrains(bool now);

    [LoggerMessage(Level = LogLevel.Information, Message = "Takes work again")]
    private partial void LogResumes();
}
