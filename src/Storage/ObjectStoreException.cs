namespace StableDiffusion.Storage;

/// <summary>The store could not do what was asked.</summary>
public sealed class ObjectStoreException(string message, bool transient, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>True when the same call may pass later (server away, busy, disk full); false when someone must mend a setting first.</summary>
    public bool IsTransient { get; } = transient;
}
