using StableDiffusion.Contracts;
using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Worker.Rendering;

/// <summary>
/// Images that may share a network call: of one <see cref="Contracts.Settings.GroupKey"/>. The callbacks
/// get an image's index and come on the device's thread: they must not block.
/// </summary>
/// <param name="Model">A model that the renderer loaded.</param>
/// <param name="Images">At least one.</param>
public sealed record RenderGroup(string Model, IReadOnlyList<ImageSettings> Images)
{
    /// <summary>The image's turn has come.</summary>
    public Action<int> Started { get; init; } = _ => { };

    /// <summary>The image has a step behind it.</summary>
    public Action<StepNews> StepDone { get; init; } = _ => { };

    /// <summary>The image is drawn; called once for each, whether it was drawn alone or with others.</summary>
    public Action<int, RenderedImage> Rendered { get; init; } = (_, _) => { };
}

/// <summary>An image on its way.</summary>
/// <param name="Image">Its index in the group.</param>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Preview">Draws what it looks like so far; only while the callback runs.</param>
public readonly record struct StepNews(int Image, int Step, int Steps, Func<Picture> Preview);

/// <summary>One image of a group, drawn.</summary>
/// <param name="Picture">RGB.</param>
/// <param name="RenderTime">How long the device was at work for it: its share of what was drawn together.</param>
public sealed record RenderedImage(Picture Picture, TimeSpan RenderTime)
{
    /// <summary>The most memory in bytes that was in use meanwhile; null where the system does not tell.</summary>
    public long? PeakMemory { get; init; }
}
