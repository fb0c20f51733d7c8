using Microsoft.Extensions.Logging;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Rendering;

/// <summary>
/// Models that were dropped from a GPU and rest in main memory: one that is wanted again moves back, which takes a fraction of the time of reading it. Those
/// that were dropped last stay. A CPU has none: its memory is the main memory, and what rested there would be what makes no room; nor has a GPU whose models
/// are offloaded, which are in main memory as it is. Belongs to the device's thread, but for <see cref="Has"/> and <see cref="Any"/>.
/// </summary>
/// <param name="limit">Most bytes that they may take.</param>
/// <param name="spare">Main memory that is free beside what is left alone, in bytes, below zero when it runs short; null where the system does not tell.</param>
/// <param name="move">Moves a model, or leaves it where it is and fails.</param>
/// <param name="logger">Told of those that leave.</param>
internal sealed partial class RestingModels(long limit, Func<long?> spare, Action<StableDiffusionModel, Device> move, ILogger logger) : IDisposable
{
    private volatile DeviceModel[] models = []; // the one that was dropped longest ago first

    /// <summary>Whether a model rests; may be asked by any thread.</summary>
    public bool Has(string name) => Array.Exists(models, model => model.Name == name);

    /// <summary>Whether any does; likewise.</summary>
    public bool Any => models.Length > 0;

    /// <summary>Moves a model here, in the place of those that were dropped before where they leave no room.</summary>
    /// <param name="model">From then on belongs to this, where the answer is yes.</param>
    /// <param name="wanted">The name of the one that it makes room for, which is let go for nothing.</param>
    /// <returns>Whether there was room.</returns>
    public bool TryAdd(DeviceModel model, string? wanted)
    {
        var bytes = model.Model.WeightBytes;
        if (bytes + Bytes(models.Where(other => other.Name == wanted)) > limit || !MakeRoom(bytes, wanted))
        {
            return false;
        }

        try
        {
            move(model.Model, CPU);
        }
        catch (Exception error) when (DeviceOutOfMemoryException.Is(error))
        {
            LogNoMemory(error, model.Name);
            return false;
        }

        models = [.. models, model];
        return true;
    }

    /// <summary>Moves a model to the device, and gives it away; null where it does not rest here. Where that fails, it rests on.</summary>
    /// <param name="name">The model's.</param>
    /// <param name="outdated">Whether the name means another model by now; then this one is freed.</param>
    /// <param name="device">Where to.</param>
    public DeviceModel? Take(string name, bool outdated, Device device)
    {
        if (Array.Find(models, model => model.Name == name) is not { } wanted)
        {
            return null;
        }

        if (outdated)
        {
            LetGo(wanted);
            return null;
        }

        move(wanted.Model, device);
        models = [.. models.Where(model => model != wanted)];
        return wanted;
    }

    /// <summary>Frees those that mean nothing any more, and as many as main memory is short of.</summary>
    public void Trim(Func<string, bool> outdated)
    {
        foreach (var model in models.Where(model => outdated(model.Name)))
        {
            LetGo(model);
        }

        MakeRoom(0, wanted: null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var model in models)
        {
            LetGo(model);
        }
    }

    private bool MakeRoom(long bytes, string? wanted)
    {
        while (Bytes(models) + bytes > limit || spare() < bytes)
        {
            if (Array.Find(models, model => model.Name != wanted) is not { } oldest)
            {
                return false;
            }

            LetGo(oldest);
        }

        return true;
    }

    private void LetGo(DeviceModel model)
    {
        models = [.. models.Where(other => other != model)];
        model.Dispose();
        LogLetGo(model.Name);
    }

    private static long Bytes(IEnumerable<DeviceModel> models) => models.Sum(model => model.Model.WeightBytes);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Model {Model} rests in main memory no more")]
    private partial void LogLetGo(string model);

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no main memory for model {Model} to rest in")]
    private partial void LogNoMemory(Exception error, string model);
}
