using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Models;

/// <summary>Makes room for models that are wanted: of those that are held the one that was used longest ago, and has no work here, is dropped.</summary>
public sealed partial class RoomForModels(
    IRenderer renderer, HeldModels models, ModelSource sources, ModelQueues queues, WorkInHand inHand, IOptions<WorkerOptions> options, ILogger<RoomForModels> logger)
{
    /// <summary>Drops as many as is known to be needed; false where that is not enough.</summary>
    public async Task<bool> MakeAsync(string wanted, CancellationToken cancellationToken)
    {
        while (options.Value.MaxModels > 0 && models.All.Count >= options.Value.MaxModels)
        {
            if (!await DropOneAsync(wanted, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }

        // where a process that takes too much memory is ended, it is looked for before
        while (sources.LackFor(wanted, renderer.Room, renderer.FreeRoom) is { } lack)
        {
            if (models.All.Count == 0)
            {
                models.Add(new ModelFault { Name = wanted, Reason = lack }, mayPass: true);
                return false;
            }

            if (!await DropOneAsync(wanted, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Drops one model; false where each has work.</summary>
    public async Task<bool> DropOneAsync(string wanted, CancellationToken cancellationToken)
    {
        foreach (var name in models.ByUse.Where(name => !inHand.HoldsModel(name)))
        {
            await queues.RemoveAsync(name, cancellationToken).ConfigureAwait(false);
            var model = models.Remove(name); // a group that is taken up now is handed back; one that was just before is seen here
            if (model is null)
            {
                continue; // being replaced
            }

            if (inHand.HoldsModel(name))
            {
                models.Add(model, sources.ContentOf(name));
                await queues.AddAsync(name, cancellationToken).ConfigureAwait(false);
                continue;
            }

            await renderer.DropAsync(name, wanted, cancellationToken).ConfigureAwait(false);
            LogDropped(name, wanted);
            return true;
        }

        LogNoRoom(wanted);
        return false;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped model {Model} to make room for {Wanted}")]
    private partial void LogDropped(string model, string wanted);

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no room for model {Model}: each of those that are held has work")]
    private partial void LogNoRoom(string model);
}
