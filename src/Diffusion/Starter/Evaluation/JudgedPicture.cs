using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Starter.Captions;
using StableDiffusion.Diffusion.Starter.Classifier;

namespace StableDiffusion.Diffusion.Starter.Evaluation;

/// <summary>A generated picture, what was asked for, and what the classifier sees.</summary>
public sealed record JudgedPicture(Caption Caption, long Seed, Picture Picture, Verdict Verdict)
{
    /// <summary>Whether the subject and every colour that was named are there.</summary>
    public bool IsRight => Verdict.ShowsSubjectOf(Caption) && Verdict.ShowsColorsOf(Caption);
}
