using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Files;

/// <summary>Follows the farm's index: knows it before models are loaded, and pulls while the worker draws.</summary>
internal sealed partial class FileWatch(
    PulledFiles files, FileCache cache, CacheView view, HeldAdapters adapters, HeldModels models, ModelLoader loader, TimeProvider time, IOptions<PullOptions> options, ILogger<FileWatch> logger) : BackgroundService, IHostedLifecycleService
{
    private Dictionary<string, IndexedFile> offered = [];

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Pull != "none")
        {
            cache.Clean();
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
        while (options.Value.Pull != "none")
        {
            try
            {
                await files.ReadAsync(stoppingToken).ConfigureAwait(false);
                Offer(); // before they are here: whoever is given an image that needs one pulls it then
                loader.RenewOutdated();
                await files.PullAsync(stoppingToken).ConfigureAwait(false);
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
        var checkpoints = files.Checkpoints.ToDictionary(file => file.Name);
        models.Offer([.. checkpoints.Keys], [.. checkpoints.Values.Where(file => !offered.TryGetValue(file.Name, out var before) || !file.HasContentOf(before)).Select(file => file.Name)]);
        offered = checkpoints;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The farm's files could not be followed, tried again: {Reason}")]
    private partial void LogFailed(Exception error, string reason);
}
