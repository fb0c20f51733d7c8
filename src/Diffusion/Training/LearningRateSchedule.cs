namespace StableDiffusion.Diffusion.Training;

/// <summary>How the learning rate goes over a training.</summary>
public enum LearningRateSchedule
{
    /// <summary>The same from the first step to the last.</summary>
    Constant,

    /// <summary>Rises in a line, then stays.</summary>
    ConstantWithWarmup,

    /// <summary>Rises in a line, then falls in a line to 0.</summary>
    Linear,

    /// <summary>Rises in a line, then falls to 0 along half a cosine.</summary>
    Cosine,
}
