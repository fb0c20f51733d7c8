namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>The kinds of model that single files hold, told apart by what their text encoders' keys begin with.</summary>
internal enum SingleFileFamily
{
    /// <summary>Stable Diffusion 1.x: CLIP.</summary>
    SD1,

    /// <summary>Stable Diffusion 2.x: OpenCLIP.</summary>
    SD2,

    /// <summary>Stable Diffusion XL: CLIP and OpenCLIP.</summary>
    XL,

    /// <summary>Stable Diffusion XL's refiner: OpenCLIP alone.</summary>
    XLRefiner,
}
