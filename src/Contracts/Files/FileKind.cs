using StableDiffusion.Contracts.Adapters;

namespace StableDiffusion.Contracts.Files;

/// <summary>What a registered file is for.</summary>
public enum FileKind
{
    /// <summary>A whole model: a folder in diffusers' layout, or one file in the original layout.</summary>
    Checkpoint,

    /// <summary>A low-rank change of a model's weights.</summary>
    Lora,

    /// <summary>A textual inversion: a word of its own for prompts.</summary>
    Embedding,

    /// <summary>A VAE in place of a model's own.</summary>
    Vae,

    /// <summary>A network that reads a control image.</summary>
    Controlnet,
}

/// <summary>The kinds' words and places.</summary>
public static class FileKinds
{
    /// <summary>Every key of a registered file begins with this.</summary>
    public const string Prefix = "models/";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FileKind> All { get; } = Enum.GetValues<FileKind>();

    /// <summary>Where the store keeps files of the kind: "models/loras/".</summary>
    public static string Folder(this FileKind kind) => Prefix + kind switch
    {
        FileKind.Checkpoint => "checkpoints/",
        FileKind.Lora => "loras/",
        FileKind.Embedding => "embeddings/",
        FileKind.Vae => "vae/",
        _ => "controlnets/",
    };

    /// <summary>In a sentence.</summary>
    public static string Word(this FileKind kind) => kind switch
    {
        FileKind.Checkpoint => "checkpoint",
        FileKind.Lora => "LoRA",
        FileKind.Embedding => "embedding",
        FileKind.Vae => "VAE",
        _ => "ControlNet",
    };

    /// <summary>Whether it may be a folder, and not only one file.</summary>
    public static bool MayBeFolder(this FileKind kind) => kind is FileKind.Checkpoint or FileKind.Vae or FileKind.Controlnet;

    /// <summary>The adapter of that kind; null for a checkpoint, which is a model.</summary>
    public static AdapterKind? Adapter(this FileKind kind) => kind switch
    {
        FileKind.Lora => AdapterKind.Lora,
        FileKind.Embedding => AdapterKind.Embedding,
        FileKind.Vae => AdapterKind.Vae,
        FileKind.Controlnet => AdapterKind.Controlnet,
        _ => null,
    };

    /// <summary>The kind of an adapter's file.</summary>
    public static FileKind File(this AdapterKind kind) => kind switch
    {
        AdapterKind.Lora => FileKind.Lora,
        AdapterKind.Embedding => FileKind.Embedding,
        AdapterKind.Vae => FileKind.Vae,
        _ => FileKind.Controlnet,
    };
}
