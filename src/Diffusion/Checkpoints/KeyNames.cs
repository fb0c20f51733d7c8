using System.Text.RegularExpressions;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>The keys of published files as the networks here name them; null for those that hold no weights.</summary>
internal static partial class KeyNames
{
    /// <summary>Newest files leave the prefix <c>text_model.</c> out; older ones carry a buffer of position numbers.</summary>
    public static string? TextEncoder(string key) =>
        key.EndsWith("embeddings.position_ids", StringComparison.Ordinal) ? null
        : key.StartsWith("text_model.", StringComparison.Ordinal) ? key
        : $"text_model.{key}";

    /// <summary>The projection alone stands beside <c>text_model.</c>.</summary>
    public static string? TextEncoder2(string key) => key.StartsWith("text_projection.", StringComparison.Ordinal) ? key : TextEncoder(key);

    /// <summary>A CLIP with both encoders never changed its keys, but that older files carry buffers of position numbers.</summary>
    public static string? Clip(string key) => key.EndsWith("embeddings.position_ids", StringComparison.Ordinal) ? null : key;

    /// <summary>Old files name the attention's layers otherwise.</summary>
    public static string? Vae(string key) => OldAttention().Replace(key, match => match.Groups["layer"].Value switch
    {
        "query" => ".to_q.",
        "key" => ".to_k.",
        "value" => ".to_v.",
        _ => ".to_out.0.",
    });

    /// <summary>A U-Net's and a ControlNet's keys never changed.</summary>
    public static string? UNet(string key) => key;

    [GeneratedRegex(@"(?<=\.attentions\.\d+)\.(?<layer>query|key|value|proj_attn)\.")]
    private static partial Regex OldAttention();
}
