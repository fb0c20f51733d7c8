namespace StableDiffusion.Diffusion.Starter.Scenes;

/// <summary>Disjoint streams of scenes; the value is the stream's seed.</summary>
public enum SceneSplit
{
    /// <summary>What the VAE, the text encoder and the U-Net learn from.</summary>
    Training = 1,

    /// <summary>What the judging classifier learns from.</summary>
    ClassifierTraining = 2,

    /// <summary>What the classifier and the VAE are measured on.</summary>
    HeldOut = 3,
}
