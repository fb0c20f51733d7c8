using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Models;

/// <summary>Sees that no model is kept that is no longer what requests mean, see <see cref="ModelSource.IsOutdated"/>.</summary>
public sealed partial class ModelRenewal(ModelSource sources, HeldModels models, ModelLoader loader, IRenderer renderer, WorkInHand inHand, ILogger<ModelRenewal> logger)
{
    private readonly ConcurrentDictionary<string, bool> doubted = new(); // being looked into just now

    /// <summary>Looks at all that is held, after the farm's index was read.</summary>
    public void RenewOutdated()
    {
        foreach (var model in models.All.Where(model => sources.IsOutdated(model.Name)))
        {
            Renew(model.Name);
        }

        inHand.Keep(renderer.TrimAsync(CancellationToken.None));
    }

    /// <summary>Looks at one that is held with another content than somebody wants, who may know less or more than this worker.</summary>
    public void Renew(string name)
    {
        if (doubted.TryAdd(name, true))
        {
            inHand.Keep(RenewAsync(name, inHand.Stopping));
        }
    }

    private async Task RenewAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            if (await sources.IsOutdatedAsync(name, cancellationToken).ConfigureAwait(false))
            {
                LogOutdated(name);
                await loader.ReplaceAsync(name, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // shutting down
        }
        catch (Exception error) // nobody waits for it
        {
            LogFailed(error, name, error.Message);
        }
        finally
        {
            doubted.TryRemove(name, out _);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {Model} was replaced or deleted in the farm's store: it is drawn with no more")]
    private partial void LogOutdated(string model);

    [LoggerMessage(Level = LogLevel.Error, Message = "Model {Model} could not be renewed: {Reason}")]
    private partial void LogFailed(Exception error, string model, string reason);
}
