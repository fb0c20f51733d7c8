using System.Text.Encodings.Web;
using System.Text.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Manifests;

/// <summary>
/// The PNG's "manifest" chunk: everything needed to make the image again and all that its bytes depend on. Nothing of the
/// one run belongs here (ids, times, the worker), so that a rerun gives the same file.
/// </summary>
public sealed record Manifest
{
    /// <summary>The chunk's keyword.</summary>
    public const string Keyword = "manifest";

    private static readonly JsonSerializerOptions Json = new(FarmJson.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // a PNG is no web page: prompts stay readable
    };

    /// <summary>Version of this layout.</summary>
    public int Format { get; init; } = 1;

    /// <summary>What was asked for.</summary>
    public required ImageSettings Settings { get; init; }

    /// <summary>The weights it was drawn with, <see cref="Contracts.Models.ModelDescription.Hash"/>.</summary>
    public required string ModelHash { get; init; }

    /// <summary>How a checkpoint in one file was read, where the worker's settings say so.</summary>
    public SingleFileOptions? SingleFile { get; init; }

    /// <summary>The software and hardware it was drawn on.</summary>
    public required RenderEnvironment Environment { get; init; }

    /// <summary>As JSON, in the API's spelling.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is no manifest.</exception>
    public static Manifest FromJson(string json) => JsonSerializer.Deserialize<Manifest>(json, Json)!;
}
