namespace StableDiffusion.Farm;

/// <summary>Something the user can mend: shown as its message alone, with exit code 1.</summary>
public sealed class FarmException(string message, Exception? inner = null) : Exception(message, inner);
