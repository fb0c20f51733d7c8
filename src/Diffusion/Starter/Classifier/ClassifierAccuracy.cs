using StableDiffusion.Diffusion.Starter.Scenes;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Starter.Classifier;

/// <summary>How often the classifier is right about renderings that nothing was trained on.</summary>
/// <param name="Count">Renderings judged.</param>
/// <param name="Subject">Share with the right subject.</param>
/// <param name="Foreground">Share with the right colour of the subject.</param>
/// <param name="Background">Share with the right colour of the background.</param>
/// <param name="All">Share with all three right.</param>
public sealed record ClassifierAccuracy(int Count, double Subject, double Foreground, double Background, double All)
{
    private const int BatchSize = 100;

    /// <summary>Judges the first <paramref name="count"/> held-out renderings.</summary>
    public static ClassifierAccuracy Measure(PictureClassifier classifier, int count)
    {
        var judged = new List<(Scene Scene, Verdict Verdict)>();
        for (var first = 0; first < count; first += BatchSize)
        {
            using var scope = NewDisposeScope();
            var scenes = SceneTensors.Range(SceneSplit.HeldOut, first, Math.Min(BatchSize, count - first));
            judged.AddRange(scenes.Zip(classifier.Judge(SceneTensors.Pictures(scenes))));
        }
        return new ClassifierAccuracy(
            count,
            Share(pair => pair.Scene.Subject == pair.Verdict.Subject),
            Share(pair => pair.Scene.Foreground == pair.Verdict.Foreground),
            Share(pair => pair.Scene.Background == pair.Verdict.Background),
            Share(pair => pair.Verdict == new Verdict(pair.Scene.Subject, pair.Scene.Foreground, pair.Scene.Background)));

        double Share(Func<(Scene Scene, Verdict Verdict), bool> right) => (double)judged.Count(right) / count;
    }
}
