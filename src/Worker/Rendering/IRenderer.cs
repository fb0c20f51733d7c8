using StableDiffusion.Contracts.Models;
using StableDiffusion.Worker.Models;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Rendering;

/// <summary>
/// What turns settings into pixels: the seam between the farm's messages and the network. Its errors are sorted by
/// <see cref="Failures.Failure"/>: an <see cref="ArgumentException"/> tells that the request can never be rendered.
/// </summary>
public interface IRenderer
{
    /// <summary>The device in words, "cpu (2 threads)".</summary>
    string Device { get; }

    /// <summary>What the bytes depend on besides settings and weights; goes into every manifest.</summary>
    RenderEnvironment Environment { get; }

    /// <summary>The device's memory in bytes; null where the system does not tell.</summary>
    long? Memory => null;

    /// <summary>As much of it as is in use, by whomever; null where the system does not tell.</summary>
    long? UsedMemory => null;

    /// <summary>Where it keeps models.</summary>
    ModelRoom Room => new(ScalarType.Float32, Bytes: null, "main memory");

    /// <summary>Bytes that are left there, where taking more than that ends the process; null where it is an error like others, or the system does not tell.</summary>
    long? FreeRoom => null;

    /// <summary>Another number with each call of the device and each step of it, so that one that hangs is seen; null while the device rests.</summary>
    long? Pulse => null;

    /// <summary>Loads what can be loaded, as much as there is room for; a model that cannot is logged and left out, with the reason.</summary>
    Task<LoadedModels> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Loads a model of <see cref="LoadedModels.Others"/>, or one that was dropped.</summary>
    Task<ModelDescription> LoadAsync(string model, CancellationToken cancellationToken) =>
        throw new NotSupportedException("This renderer draws with what it loaded at its start.");

    /// <summary>Frees a model's memory on the device when its turn comes; nothing is asked of the model any more, unless it is loaded again. Where it is not outdated
    /// it may be kept elsewhere for that.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="wanted">The name of the one that it makes room for; null where it leaves for itself.</param>
    /// <param name="cancellationToken">Cancelled before its turn comes: it stays.</param>
    Task DropAsync(string model, string? wanted, CancellationToken cancellationToken) =>
        throw new NotSupportedException("This renderer draws with what it loaded at its start.");

    /// <summary>Lets go of dropped models that it keeps, where they are outdated.</summary>
    Task TrimAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Draws a group and hands out each image as it is done. Groups are drawn one at a time, in the order of the calls. When
    /// the call fails, images already handed out stand.
    /// </summary>
    /// <param name="group">What to draw and whom to tell.</param>
    /// <param name="cancellationToken">Ends the call before it starts or between two steps.</param>
    Task RenderAsync(RenderGroup group, CancellationToken cancellationToken);
}
