namespace TorchSharp;

/// <summary>How <c>cdist</c> takes Euclidean distances.</summary>
public enum compute_mode
{
    use_mm_for_euclid_dist_if_necessary = 0,
    use_mm_for_euclid_dist = 1,
    donot_use_mm_for_euclid_dist = 2,
}

public static partial class torch
{
    /// <summary>How a quotient is rounded: not, towards zero, down.</summary>
    public enum RoundingMode
    {
        None,
        trunc,
        floor,
    }
}
