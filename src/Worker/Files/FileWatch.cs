using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Files;

/// <summary>Follows the farm's index: knows it before models are loaded, and pulls while the worker draws. What could not be loaded for want of room, its own too, is
/// offered again at each look.</summary>
internal sealed partial class FileWatch(
    PulledFiles files, FileCache cache, CacheView view, HeldAdapters adapters, HeldModels models, ModelRenewal renewal, IRenderer renderer, TimeProvider time, IOptions<PullOptions> options, ILogger<FileWatch> logger) : BackgroundService, IHostedLifecycleService
{
    private Dictionary<string, IndexedFile> offered = [];

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        models.Doubted += renewal.Renew;
        if (options.Value.Pull != "none")
        {
            view.Clean();
            await files.ReadAsync(cancellationToken).ConfigureAwait(false);
            Offer();
        }
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await files.ReadAsync(stoppingToken).ConfigureAwait(false);
                Offer(); // before they are here: whoever is given an image that needs one pulls it then
                renewal.RenewOutdated();
                if (options.Value.Pull != "none")
                {
                    cache.Clean();
                    await files.PullAsync(stoppingToken).ConfigureAwait(false);
                }
            }
            // the loop outlives whatever a round meets, a disk that is read-only for a while
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e, e.Message);
            }

            await Task.Delay(options.Value.IndexInterval, time, stoppingToken).ConfigureAwait(false);
        }
    }

    private void Offer()
    {
        adapters.Offer(files.Adapters);
        var room = renderer.Room;
        var registered = files.Checkpoints(room);
        var checkpoints = registered.Where(found => found.TooLarge is null).ToDictionary(found => found.File.Name, found => found.File);
        models.Offer(
            [.. checkpoints.Keys],
            [.. registered.Where(found => found.TooLarge is not null).Select(found => new ModelFault { Name = found.File.Name, Reason = found.TooLarge! })],
            [.. checkpoints.Values.Where(file => !offered.TryGetValue(file.Name, out var before) || !file.HasContentOf(before)).Select(file => file.Name)]);
        offered = checkpoints;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The farm's files could not be followed, tried again: {Reason}")]
    private partial void LogFailed(Exception error, string reason);
}
