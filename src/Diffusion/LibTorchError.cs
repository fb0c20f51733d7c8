namespace StableDiffusion.Diffusion;

/// <summary>What an error says, without what libtorch adds for its own developers.</summary>
public static class LibTorchError
{
    /// <summary>The message up to the native stack ("Exception raised from …, frame #0: …") that TorchSharp leaves in it.</summary>
    public static string Words(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error.Message.Split("\nException raised from", 2)[0];
    }
}
