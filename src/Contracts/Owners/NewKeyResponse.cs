namespace StableDiffusion.Contracts.Owners;

/// <summary>A key that was just made.</summary>
public sealed record NewKeyResponse : KeyResponse
{
    /// <summary>What to send as <c>Authorization: Bearer KEY</c>. It is shown this once; the farm keeps its hash alone.</summary>
    public required string Key { get; init; }
}
