namespace StableDiffusion.Diffusion.Starter.Evaluation;

/// <summary>How well the model draws what is asked.</summary>
/// <param name="Count">Pictures judged.</param>
/// <param name="Subject">Share that shows the asked shape or digit.</param>
/// <param name="Colors">Share that shows every colour that was named.</param>
/// <param name="All">Share that shows both.</param>
/// <param name="Shapes">Share of the prompts for shapes that shows all.</param>
/// <param name="Digits">Share of the prompts for digits that shows all.</param>
public sealed record StarterScore(int Count, double Subject, double Colors, double All, double Shapes, double Digits)
{
    /// <summary>Counts what the classifier said.</summary>
    public static StarterScore Of(IReadOnlyCollection<JudgedPicture> judged)
    {
        return new StarterScore(
            judged.Count,
            Share(judged, picture => picture.Verdict.ShowsSubjectOf(picture.Caption)),
            Share(judged, picture => picture.Verdict.ShowsColorsOf(picture.Caption)),
            Share(judged, picture => picture.IsRight),
            Share([.. judged.Where(picture => picture.Caption.Subject.Digit is null)], picture => picture.IsRight),
            Share([.. judged.Where(picture => picture.Caption.Subject.Digit is not null)], picture => picture.IsRight));
    }

    private static double Share(IReadOnlyCollection<JudgedPicture> pictures, Func<JudgedPicture, bool> right) =>
        pictures.Count == 0 ? 0 : (double)pictures.Count(right) / pictures.Count;
}
