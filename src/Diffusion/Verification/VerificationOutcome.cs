namespace StableDiffusion.Diffusion.Verification;

/// <summary>How a comparison ended.</summary>
public enum VerificationOutcome
{
    /// <summary>Every case lies within its bound.</summary>
    Passed,

    /// <summary>A case lies outside, or could not be run.</summary>
    Failed,

    /// <summary>The feature that the cases need is not built.</summary>
    NotCovered,

    /// <summary>Measured in half precision, for which there is no bound.</summary>
    Reported,
}
