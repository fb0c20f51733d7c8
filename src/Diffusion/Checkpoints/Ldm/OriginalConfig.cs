using System.Text.RegularExpressions;
using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>
/// The original code's configuration, which A1111 too wants beside a checkpoint under its name: <c>anything.yaml</c>, such as
/// v2-inference-v.yaml. Only what cannot be seen in the weights is read from it.
/// </summary>
internal static partial class OriginalConfig
{
    /// <summary>Its <c>parameterization</c>, where <c>eps</c> goes without saying; null where no such file is there.</summary>
    public static PredictionType? Prediction(string checkpoint)
    {
        var path = Path.ChangeExtension(checkpoint, ".yaml");
        return !File.Exists(path) ? null
            : Parameterization().Match(File.ReadAllText(path)) is { Success: true } match && match.Groups["of"].Value == "v" ? PredictionType.VPrediction
            : PredictionType.Epsilon;
    }

    [GeneratedRegex("""^\s*parameterization:\s*["']?(?<of>\w+)["']?\s*(#.*)?$""", RegexOptions.Multiline)]
    private static partial Regex Parameterization();
}
