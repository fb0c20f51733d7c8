namespace StableDiffusion.Contracts.Messages;

/// <summary>One image of a <see cref="RenderImages"/> group: what is its own, under which attempt, and where its bytes go.</summary>
public sealed record ImageToRender
{
    /// <summary>The image's row.</summary>
    public required Guid ImageId { get; init; }

    /// <summary>The batch it belongs to, for logs.</summary>
    public required Guid BatchId { get; init; }

    /// <summary>The attempt this dispatch opened. News of any other attempt is ignored by the coordinator.</summary>
    public required Guid AttemptId { get; init; }

    /// <summary>The object the PNG is written to. It is the attempt's own, so a late attempt cannot overwrite a committed one.</summary>
    public required string ObjectKey { get; init; }

    /// <summary>As in <see cref="ImageSettings"/>.</summary>
    public required string Prompt { get; init; }

    /// <summary>As in <see cref="ImageSettings"/>.</summary>
    public string NegativePrompt { get; init; } = "";

    /// <summary>As in <see cref="ImageSettings"/>.</summary>
    public string? Prompt2 { get; init; }

    /// <summary>As in <see cref="ImageSettings"/>.</summary>
    public string? NegativePrompt2 { get; init; }

    /// <summary>As in <see cref="ImageSettings"/>.</summary>
    public required long Seed { get; init; }

    /// <summary>Whether progress reports shall show what the picture looks like so far.</summary>
    public bool LivePreview { get; init; }

    /// <summary>W3C trace context to go on from: of the dispatch where that is traced, else of the request that asked for it; null when there is none.</summary>
    public string? TraceParent { get; init; }

    /// <summary>All of what to draw; every field is resolved (no random seed, no default left open).</summary>
    /// <param name="shared">The group's <see cref="RenderImages.Settings"/>.</param>
    public ImageSettings SettingsOf(ImageSettings shared) => shared with
    {
        Prompt = Prompt, NegativePrompt = NegativePrompt, Prompt2 = Prompt2, NegativePrompt2 = NegativePrompt2, Seed = Seed,
    };
}
