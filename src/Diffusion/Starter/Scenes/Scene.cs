namespace StableDiffusion.Diffusion.Starter.Scenes;

/// <summary>
/// One picture of the data set as a description: the subject, its two colours, and the seed of everything that captions
/// do not say (place, size, turn, handwriting, shade).
/// </summary>
public sealed record Scene(Subject Subject, SceneColor Foreground, SceneColor Background, ulong Seed)
{
    /// <summary>The scene at <paramref name="index"/> of a split; the same for the same arguments, always.</summary>
    public static Scene At(SceneSplit split, long index)
    {
        var random = SeededRandom.For((ulong)split, index);
        // Digits vary more than shapes do, so they get more than their share of ten in eighteen.
        var subject = random.NextUnit() < DigitShare
            ? Subject.All[Subject.ShapeNames.Count + random.Below(10)]
            : Subject.All[random.Below(Subject.ShapeNames.Count)];
        var foreground = random.Pick(SceneColor.All);
        var others = SceneColor.All.Where(color => color != foreground).ToList();
        return new Scene(subject, foreground, random.Pick(others), random.NextBits());
    }

    private const double DigitShare = 0.6;
}
