namespace StableDiffusion.Diffusion.Verification;

/// <summary>One line of a verification: what was compared, and how far off it was at worst.</summary>
/// <param name="Compared">The file or part of it, and what was compared.</param>
/// <param name="Cases">How many cases it holds.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Worst">Largest difference, in the bound's measure; null where nothing was compared.</param>
/// <param name="Bound">Largest difference that passes; 0 asks for equality; null where nothing was compared.</param>
/// <param name="Note">The worst case's name, or why a row failed or is not covered.</param>
public sealed record VerificationRow(string Compared, int Cases, VerificationOutcome Outcome, double? Worst = null, double? Bound = null, string? Note = null);
