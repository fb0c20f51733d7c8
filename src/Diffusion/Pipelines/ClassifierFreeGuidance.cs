using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Classifier-free guidance: away from what the network says to the negative prompt, towards what it says to the prompt
/// (Ho and Salimans 2022, equation 6).</summary>
internal readonly record struct ClassifierFreeGuidance(double Scale, double Rescale)
{
    /// <summary>Whether the network is asked twice.</summary>
    public bool IsOn => Scale > 1;

    /// <summary>One prediction from two, in the current dispose scope.</summary>
    /// <param name="predictions">(2, C, h, w): for the negative prompt, for the prompt.</param>
    /// <returns>(1, C, h, w)</returns>
    public Tensor Apply(Tensor predictions)
    {
        Tensor negative = predictions.narrow(0, 0, 1), positive = predictions.narrow(0, 1, 1);
        var guided = negative + ((positive - negative) * Scale);
        if (Rescale <= 0)
        {
            return guided;
        }

        // Lin et al. 2024, section 3.4: guidance stretches a prediction; its standard deviation is drawn back to the prompt's
        var rescaled = guided * (positive.std() / guided.std());
        return (rescaled * Rescale) + (guided * (1 - Rescale));
    }
}
