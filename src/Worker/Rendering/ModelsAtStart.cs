using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Diffusion;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Rendering;

/// <summary>What a renderer loads at its start: as much as there is room for, and before that, for a moment, what more may be asked for.</summary>
internal sealed partial class ModelsAtStart(IRenderer renderer, ModelSource sources, WorkerOptions options, ILogger logger)
{
    private readonly List<ModelFault> faults = [];

    /// <summary>Loads them.</summary>
    public async Task<LoadedModels> LoadAsync(CancellationToken cancellationToken)
    {
        List<ModelDescription> loaded = [];
        List<string> others = [];
        var names = sources.AtStart;
        var described = await DescribeAsync(options.MaxModels > 0 ? [.. names.Skip(options.MaxModels)] : [], cancellationToken).ConfigureAwait(false);
        foreach (var name in names.Where(name => faults.TrueForAll(fault => fault.Name != name)))
        {
            if ((options.MaxModels > 0 && loaded.Count == options.MaxModels) || Lacks(name))
            {
                others.Add(name);
                continue;
            }

            try
            {
                loaded.Add(await renderer.LoadAsync(name, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception error) when (loaded.Count > 0 && DeviceOutOfMemoryException.Is(error))
            {
                LogNoRoom(error, name, loaded.Count);
                others.Add(name);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                LeaveOut(name, error);
            }
        }

        return new LoadedModels(loaded, faults) { Others = others, Described = [.. described.Where(model => others.Contains(model.Name))] };
    }

    /// <summary>Loads and drops one after the other, while the device is empty.</summary>
    private async Task<List<ModelDescription>> DescribeAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        List<ModelDescription> described = [];
        foreach (var name in names.Where(name => !Lacks(name)))
        {
            try
            {
                described.Add(await renderer.LoadAsync(name, cancellationToken).ConfigureAwait(false));
                await renderer.DropAsync(name, wanted: null, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                LeaveOut(name, error);
            }
        }

        return described;
    }

    private bool Lacks(string name)
    {
        var lack = sources.LackFor(name, renderer.Room, renderer.FreeRoom);
        if (lack is not null)
        {
            LogLack(name, lack);
        }

        return lack is not null;
    }

    private void LeaveOut(string name, Exception error)
    {
        var reason = LibTorchError.Words(error);
        LogLeftOut(error, name, reason);
        faults.Add(new ModelFault { Name = name, Reason = reason });
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no memory for the model {Model} beside the {Count} that are loaded; it is loaded when it is asked for")]
    private partial void LogNoRoom(Exception error, string model, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} is not loaded before it is asked for: {Reason}")]
    private partial void LogLack(string model, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Model {Model} is left out: {Reason}")]
    private partial void LogLeftOut(Exception? error, string model, string reason);
}
