namespace StableDiffusion.Contracts.Files;

/// <summary>Whether a registered file can be used.</summary>
public enum FileState
{
    /// <summary>It is being read through.</summary>
    Checking,

    /// <summary>Workers may pull it.</summary>
    Ready,

    /// <summary>It is not what it was registered as; the reason says why. Looked at again when its objects change.</summary>
    Refused,

    /// <summary>Its objects are no longer in the store.</summary>
    Gone,

    /// <summary>It is being deleted.</summary>
    Removing,
}
