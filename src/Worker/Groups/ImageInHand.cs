using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Groups;

/// <summary>An image that this worker was granted, and how far it is.</summary>
/// <param name="image">From the command.</param>
/// <param name="shared">The command's settings.</param>
public sealed class ImageInHand(ImageToRender image, ImageSettings shared)
{
    private volatile bool drawn;
    private volatile bool cancelled;

    /// <summary>As it came.</summary>
    public ImageToRender Image => image;

    /// <summary>All of what to draw.</summary>
    public ImageSettings Settings { get; } = image.SettingsOf(shared);

    /// <summary>Which attempt it is.</summary>
    public AttemptReference Reference => new(image.ImageId, image.AttemptId);

    /// <summary>Steps that the picture takes in all; null until one is done.</summary>
    public int? Steps { get; set; }

    /// <summary>Progress reports so far.</summary>
    public int Told { get; set; }

    /// <summary>When the last was made, as the clock counts, or drawing began; null before.</summary>
    public long? ToldAt { get; set; }

    /// <summary>Whether there is a picture, which is on its way to the store.</summary>
    public bool Drawn { get => drawn; set => drawn = value; }

    /// <summary>Whether nobody wants it any more: it is neither drawn nor reported about.</summary>
    public bool Cancelled { get => cancelled; set => cancelled = value; }

    /// <summary>Whether it is still to be drawn.</summary>
    public bool IsLeft => !drawn && !cancelled;
}
