using StableDiffusion.Diffusion.Starter.Captions;
using StableDiffusion.Diffusion.Starter.Scenes;

namespace StableDiffusion.Diffusion.Starter.Classifier;

/// <summary>What the classifier sees in a picture.</summary>
public sealed record Verdict(Subject Subject, SceneColor Foreground, SceneColor Background)
{
    /// <summary>Whether the subject is the one that was asked for.</summary>
    public bool ShowsSubjectOf(Caption caption) => Subject == caption.Subject;

    /// <summary>Whether every colour that was named is there.</summary>
    public bool ShowsColorsOf(Caption caption) =>
        (caption.Foreground is null || caption.Foreground == Foreground) && (caption.Background is null || caption.Background == Background);
}
