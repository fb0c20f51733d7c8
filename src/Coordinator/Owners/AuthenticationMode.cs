namespace StableDiffusion.Coordinator.Owners;

/// <summary>Whether requests need a key.</summary>
public enum AuthenticationMode
{
    /// <summary>Unless every address that the coordinator listens on is loopback.</summary>
    Auto,

    /// <summary>Always.</summary>
    On,

    /// <summary>Never: whoever reaches the coordinator may do everything.</summary>
    Off,
}
