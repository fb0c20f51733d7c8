namespace StableDiffusion.Coordinator.Owners.Access;

/// <summary>Why a key was not looked at: too many wrong ones came from its address.</summary>
internal sealed class TooManyFailuresException(TimeSpan retryAfter) : Exception("Too many requests with wrong keys came from your address.")
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}
