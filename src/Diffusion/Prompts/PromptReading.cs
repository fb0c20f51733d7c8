namespace StableDiffusion.Diffusion.Prompts;

/// <summary>How the text of a prompt is understood.</summary>
public enum PromptReading
{
    /// <summary>As diffusers' pipelines: the text as it stands, cut to the encoder's tokens.</summary>
    Diffusers,

    /// <summary>As A1111's stable-diffusion-webui: weights, prompt editing, AND, BREAK, and texts of any length.</summary>
    A1111,
}
