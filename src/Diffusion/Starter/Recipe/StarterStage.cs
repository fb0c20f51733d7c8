namespace StableDiffusion.Diffusion.Starter.Recipe;

/// <summary>The parts of the recipe. Each starts from its own seed, so one run alone gives what the whole recipe gives.</summary>
public enum StarterStage
{
    /// <summary>model_index.json, the scheduler's config and the tokenizer.</summary>
    Files,

    /// <summary>The autoencoder between pictures and latents.</summary>
    Vae,

    /// <summary>The CLIP text encoder.</summary>
    TextEncoder,

    /// <summary>The network that draws.</summary>
    UNet,

    /// <summary>The judge of its pictures.</summary>
    Classifier,
}
