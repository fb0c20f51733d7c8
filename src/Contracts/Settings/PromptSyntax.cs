using System.Text.Json.Serialization;

namespace StableDiffusion.Contracts.Settings;

/// <summary>How the text of a prompt is understood.</summary>
public enum PromptSyntax
{
    /// <summary>As it stands, cut to the encoder's tokens: diffusers' reading.</summary>
    Plain,

    /// <summary>A1111's: (word:1.3), [word], [cat:dog:0.4], [cat|dog], BREAK, AND, lora tags, embeddings by name, any length.</summary>
    [JsonStringEnumMemberName("a1111")]
    A1111,
}
