using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Diffusion;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Models;

/// <summary>Loads models, at the start and when the coordinator asks for one, and listens to their queues. One at a time.</summary>
public sealed partial class ModelLoader(
    IRenderer renderer, HeldModels models, ModelSource sources, RoomForModels room, ModelQueues queues, WorkInHand inHand, ILogger<ModelLoader> logger) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);
    private readonly ConcurrentDictionary<string, bool> replaced = new(); // just now

    /// <summary>Raised when what is held has changed.</summary>
    public event Action Changed = () => { };

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    /// <summary>Loads what was found, as much as there is room for.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
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
            if (models.Use(name) || replaced.ContainsKey(name))
            {
                return; // asked for twice
            }

            if (!models.CanHold.Contains(name))
            {
                LogUnknown(name);
                return;
            }

            await LoadInTurnAsync(name, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
            Changed();
        }
    }

    /// <summary>Drops a model that is no longer what requests mean, when the images are done that were begun with it, and loads what is registered in its place.</summary>
    internal async Task ReplaceAsync(string name, CancellationToken cancellationToken)
    {
        replaced[name] = true;
        try
        {
            models.Forget(name); // first: a group that is taken up now is handed back
            await queues.RemoveAsync(name, cancellationToken).ConfigureAwait(false);
            Changed();
            await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await inHand.EndedAsync(name).WaitAsync(cancellationToken).ConfigureAwait(false); // of what was begun
                await renderer.DropAsync(name, wanted: null, cancellationToken).ConfigureAwait(false);
                if (models.CanHold.Contains(name))
                {
                    await LoadInTurnAsync(name, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                turn.Release();
            }
        }
        finally
        {
            replaced.TryRemove(name, out _);
            Changed();
        }
    }

    private async Task LoadInTurnAsync(string name, CancellationToken cancellationToken)
    {
        for (var isRoom = await room.MakeAsync(name, cancellationToken).ConfigureAwait(false); isRoom;)
        {
            try
            {
                await ListenAsync(await renderer.LoadAsync(name, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception error) when (DeviceOutOfMemoryException.Is(error))
            {
                isRoom = await room.DropOneAsync(name, cancellationToken).ConfigureAwait(false);
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

    private Task ListenAsync(ModelDescription model, CancellationToken cancellationToken)
    {
        models.Add(model, sources.ContentOf(model.Name)); // first: its commands come with the queue
        return queues.AddAsync(model.Name, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} is not among those that this worker could load")]
    private partial void LogUnknown(string model);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} could not be brought here now: {Reason}")]
    private partial void LogAway(Exception error, string model, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Model {Model} could not be loaded: {Reason}")]
    private partial void LogFailed(Exception error, string model, string reason);
}
