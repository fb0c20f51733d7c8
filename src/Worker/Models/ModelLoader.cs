using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Diffusion;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Models;

/// <summary>Loads models, at the start and when the coordinator asks for one, and listens to their queues. Where there is no room, the model that was used
/// longest ago and has no work here makes some.</summary>
public sealed partial class ModelLoader(
    IRenderer renderer, HeldModels models, ModelSource sources, ModelQueues queues, WorkInHand inHand, IOptions<WorkerOptions> options, ILogger<ModelLoader> logger) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);
    private readonly ConcurrentDictionary<string, bool> renewed = new(); // being renewed just now

    /// <summary>Raised when what is held has changed.</summary>
    public event Action Changed = () => { };

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    /// <summary>Loads what was found, as much as there is room for.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        models.Doubted += Renew;
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var loaded = await renderer.LoadAsync(cancellationToken).ConfigureAwait(false);
            foreach (var model in loaded.Models)
            {
                await ListenAsync(model, cancellationToken).ConfigureAwait(false);
            }

            models.Complete(loaded);
            Changed();
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Holds a model from now on; what cannot be is logged, and told with what the worker holds.</summary>
    public async Task LoadAsync(string name, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (models.Use(name) || renewed.ContainsKey(name))
            {
                return; // asked for twice
            }

            if (!models.CanHold.Contains(name))
            {
                LogUnknown(name);
                return;
            }

            while (options.Value.MaxModels > 0 && models.All.Count >= options.Value.MaxModels)
            {
                if (!await MakeRoomAsync(name, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }

            // where a process that takes too much memory is ended, it is looked for before
            while (sources.WeightsOf(name, renderer.Room) is { } bytes && renderer.FreeRoom is { } free && bytes > free)
            {
                if (models.All.Count == 0)
                {
                    models.Add(new ModelFault { Name = name, Reason = $"its weights take {CheckpointFit.Size(bytes)}, and {CheckpointFit.Size(free)} of {renderer.Room.Place} are free just now" }, mayPass: true);
                    return;
                }

                if (!await MakeRoomAsync(name, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }

            await LoadAnywayAsync(name, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
            Changed();
        }
    }

    /// <summary>Drops the models that are no longer what requests mean, see <see cref="ModelSource.IsOutdated"/>, and loads what is registered in their place.</summary>
    public void RenewOutdated()
    {
        foreach (var model in models.All.Where(model => sources.IsOutdated(model.Name)))
        {
            Renew(model.Name);
        }
    }

    private void Renew(string name)
    {
        if (renewed.TryAdd(name, true))
        {
            inHand.Keep(RenewAsync(name, inHand.Stopping));
        }
    }

    private async Task RenewAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            if (!await sources.IsOutdatedAsync(name, cancellationToken).ConfigureAwait(false))
            {
                return; // who doubts it knows less
            }

            LogOutdated(name);
            models.Forget(name); // first: a group that is taken up now is handed back
            await queues.RemoveAsync(name, cancellationToken).ConfigureAwait(false);
            Changed();
            await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await inHand.EndedAsync(name).WaitAsync(cancellationToken).ConfigureAwait(false); // of what was begun
                await renderer.DropAsync(name, cancellationToken).ConfigureAwait(false);
                if (models.CanHold.Contains(name))
                {
                    await LoadAnywayAsync(name, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                turn.Release();
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
            renewed.TryRemove(name, out _);
            Changed();
        }
    }

    private async Task LoadAnywayAsync(string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await ListenAsync(await renderer.LoadAsync(name, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception error) when (DeviceOutOfMemoryException.Is(error))
            {
                if (!await MakeRoomAsync(name, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }
            catch (ObjectStoreException error) when (error.IsTransient)
            {
                LogAway(error, name, error.Message); // whoever wants it asks again
                return;
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                var reason = LibTorchError.Words(error);
                LogFailed(error, name, reason);
                models.Add(new ModelFault { Name = name, Reason = reason }, mayPass: error is IOException or UnauthorizedAccessException); // a full disk, say
                return;
            }
        }
    }

    /// <summary>Drops one model; false where each has work.</summary>
    private async Task<bool> MakeRoomAsync(string wanted, CancellationToken cancellationToken)
    {
        foreach (var name in models.ByUse.Where(name => !inHand.HoldsModel(name)))
        {
            await queues.RemoveAsync(name, cancellationToken).ConfigureAwait(false);
            var model = models.Remove(name); // a group that is taken up now is handed back; one that was just before is seen here
            if (model is null)
            {
                continue; // being renewed
            }

            if (inHand.HoldsModel(name))
            {
                await ListenAsync(model, cancellationToken).ConfigureAwait(false);
                continue;
            }

            await renderer.DropAsync(name, cancellationToken).ConfigureAwait(false);
            LogDropped(name, wanted);
            return true;
        }

        LogNoRoom(wanted);
        return false;
    }

    private Task ListenAsync(ModelDescription model, CancellationToken cancellationToken)
    {
        models.Add(model, sources.ContentOf(model.Name)); // first: its commands come with the queue
        return queues.AddAsync(model.Name, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped model {Model} to make room for {Wanted}")]
    private partial void LogDropped(string model, string wanted);

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {Model} was replaced or deleted in the farm's store: it is drawn with no more")]
    private partial void LogOutdated(string model);

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no room for model {Model}: each of those that are held has work")]
    private partial void LogNoRoom(string model);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} is not among those that this worker could load")]
    private partial void LogUnknown(string model);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} could not be brought here now: {Reason}")]
    private partial void LogAway(Exception error, string model, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Model {Model} could not be loaded: {Reason}")]
    private partial void LogFailed(Exception error, string model, string reason);
}
