using StableDiffusion.Diffusion.Safetensors;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Adapters;

/// <summary>Reads the forms in which embeddings are published as safetensors.</summary>
internal static class TextualInversionFile
{
    /// <summary>Names under which A1111's files and their conversions keep the vectors; they are no tokens.</summary>
    private static readonly string[] NoToken = ["emb_params", "*", "string_to_param", "string_to_param.*", "string_to_param:*"];

    /// <summary>The two names that SDXL's files have: those of Stability and A1111, and those of diffusers' first training scripts.</summary>
    private static readonly (string L, string G)[] Pairs = [("clip_l", "clip_g"), ("text_encoders_0", "text_encoders_1")];

    public static TextualInversion Read(string path, string? token)
    {
        if (!File.Exists(path))
        {
            throw new TextualInversionException(path, "there is no such file");
        }

        if (Path.GetExtension(path).ToLowerInvariant() is ".pt" or ".pth" or ".bin" or ".ckpt")
        {
            throw new TextualInversionException(path, "a pickle can run any code when it is read, so it is not; convert it to .safetensors");
        }

        using var file = new SafetensorsFile(path);
        var (clipL, clipG) = Names(file);
        string name = token ?? Path.GetFileNameWithoutExtension(path);
        token ??= clipG is null && !NoToken.Contains(clipL) ? clipL : name;
        if (string.IsNullOrWhiteSpace(token))
        {
            throw new TextualInversionException(path, "its token is empty; name another");
        }

        using var scope = NewDisposeScope();
        var (l, g) = (Vectors(file, clipL), clipG is null ? null : Vectors(file, clipG));
        if (g is not null && g.shape[0] != l.shape[0])
        {
            throw new TextualInversionException(path, $"it has {l.shape[0]} vectors for the first text encoder and {g.shape[0]} for the second; as many are needed");
        }

        return new TextualInversion(path, token, name, l.DetachFromDisposeScope(), g?.DetachFromDisposeScope());
    }

    private static (string ClipL, string? ClipG) Names(SafetensorsFile file)
    {
        string[] names = [.. file.Tensors.Keys];
        foreach (var (l, g) in Pairs)
        {
            if (names.Contains(l) && names.Contains(g))
            {
                return (l, g);
            }

            if (names.Contains(l) || names.Contains(g))
            {
                throw new TextualInversionException(file.Path, $"an SDXL embedding has {l} and {g}, and this file has one of them");
            }
        }

        string? name = names.Length == 1 ? names[0] : names.FirstOrDefault(NoToken.Contains);
        return name is not null
            ? (name, null)
            : throw new TextualInversionException(file.Path, $"it holds {names.Length} tensors; an embedding holds one, or clip_l and clip_g");
    }

    /// <summary>(N, hidden_size) in single precision.</summary>
    private static Tensor Vectors(SafetensorsFile file, string name)
    {
        var vectors = file.Read(name, ScalarType.Float32);
        if (!vectors.is_floating_point() || vectors.dim() is not (1 or 2) || vectors.numel() == 0)
        {
            throw new TextualInversionException(file.Path, $"{name} has the shape [{string.Join(", ", vectors.shape)}] and the type {vectors.dtype}; vectors are needed, (hidden_size) or (N, hidden_size)");
        }

        return vectors.dim() == 1 ? vectors.unsqueeze(0) : vectors;
    }
}
