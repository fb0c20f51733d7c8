namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>Weights as PyTorch pickles them, which are never read.</summary>
internal static class Pickle
{
    private static readonly string[] Extensions = [".bin", ".ckpt", ".pt", ".pth"];

    /// <summary>Whether a file's name says that it is one.</summary>
    public static bool IsOne(string path) => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Why it is refused and what to do.</summary>
    public static string Refusal(string subject) =>
        $"{subject} is a pickle, a format in which a file can run any code on the machine that reads it, so it is not read; take the model's"
        + " .safetensors files, or, where you trust it, convert it: safetensors.torch.save_file of the weights that torch.load(…, weights_only=True) gives";
}
