using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Classifier-free guidance: away from what the network says to the negative prompt, towards what it says to the prompt
/// (Ho and Salimans 2022, equation 6); towards several prompts at once, each with its weight (Liu et al. 2022, "Compositional visual
/// generation").</summary>
/// <param name="Scale">1 and below is none.</param>
/// <param name="Rescale">0 … 1.</param>
/// <param name="IsInput">Whether the network takes the scale as an input, distilled to answer at once as if it were guided.</param>
internal readonly record struct ClassifierFreeGuidance(double Scale, double Rescale, bool IsInput = false)
{
    /// <summary>Whether the network is asked about the negative prompt, which a prompt of several parts, or of another weight than 1, wants
    /// with any scale.</summary>
    public bool Asks(IReadOnlyList<double> weights) => Strength > 1 || weights is not [1];

    /// <summary>What a difference of answers is multiplied with.</summary>
    private double Strength => IsInput ? 1 : Math.Max(Scale, 1);

    /// <summary>One prediction for each picture, in the current dispose scope.</summary>
    /// <param name="negative">(B, C, h, w)</param>
    /// <param name="positives">(B, C, h, w) each</param>
    /// <param name="weights">For each of the positives, a weight for each picture.</param>
    /// <returns>(B, C, h, w)</returns>
    public Tensor Apply(Tensor negative, IReadOnlyList<Tensor> positives, IReadOnlyList<double[]> weights)
    {
        Tensor? towards = null;
        for (int part = 0; part < positives.Count; part++)
        {
            var direction = positives[part] - negative;
            direction = weights[part].All(weight => weight == 1) ? direction : direction * tensor(weights[part], ScalarType.Float32, negative.device).view(-1, 1, 1, 1);
            towards = towards is null ? direction : towards + direction;
        }

        var guided = negative + (towards! * Strength);
        return Rescale > 0 ? Rescaled(guided, positives is [var only] ? only : negative + towards!) : guided;
    }

    /// <summary>Guidance stretches a prediction; its standard deviation is drawn back to the prompt's (Lin et al. 2024, section 3.4).
    /// Each picture by itself, so that its company does not touch its bits.</summary>
    private Tensor Rescaled(Tensor guided, Tensor positive)
    {
        double rescale = Rescale;
        return cat([.. guided.split(1).Zip(positive.split(1), (picture, told) =>
            (picture * (told.std() / picture.std()) * rescale) + (picture * (1 - rescale)))], 0);
    }
}
