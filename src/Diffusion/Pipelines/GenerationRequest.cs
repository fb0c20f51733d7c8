using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Pictures to be drawn with the same settings: from text alone, or with the parts that are given. Names and defaults are
/// diffusers'.</summary>
public sealed record GenerationRequest
{
    /// <summary>The pictures, at least one.</summary>
    public required IReadOnlyList<ImagePrompt> Images { get; init; }

    /// <summary>In pixels, a multiple of the VAE's factor; null is the size of the picture that is given, cut to such a multiple, or else the
    /// size that the model was trained at.</summary>
    public int? Width { get; init; }

    /// <inheritdoc cref="Width"/>
    public int? Height { get; init; }

    /// <summary>1 … the scheduler's training steps.</summary>
    public int NumInferenceSteps { get; init; } = 50;

    /// <summary>Classifier-free guidance (Ho and Salimans 2022); 1 and below turns it off.</summary>
    public double GuidanceScale { get; init; } = 7.5;

    /// <summary>0 … 1: how far a guided prediction's spread is drawn back to the text's own (Lin et al. 2024, section 3.4).</summary>
    public double GuidanceRescale { get; init; }

    /// <summary>η of DDIM, 0 … 1; other schedulers take no notice.</summary>
    public double Eta { get; init; }

    /// <summary>Layers of the text encoder left out at its end, counted as in diffusers: null is none, 1 the last layer but one. As there, the
    /// negative prompt goes through all layers.</summary>
    public int? ClipSkip { get; init; }

    /// <summary>A diffusers class name; null is the model's own scheduler.</summary>
    public string? Scheduler { get; init; }

    /// <summary>The scheduler's configuration; null is the model's.</summary>
    public SchedulerConfig? SchedulerConfig { get; init; }

    /// <summary>How prompts are understood.</summary>
    public PromptReading PromptReading { get; init; }

    /// <summary>Learnt words that prompts may use. They stay the caller's, until the last picture is drawn.</summary>
    public IReadOnlyList<TextualInversion> Embeddings { get; init; } = [];

    /// <summary>Image-to-image: a picture to start from.</summary>
    public ImageToImage? Init { get; init; }

    /// <summary>Starts from what another model left unfinished, in place of noise or a picture.</summary>
    public Continuation? Continuation { get; init; }

    /// <summary>Share of the time after which it stops, between 0 and 1, and leaves latents that are noisy still for another model; null is all
    /// of it.</summary>
    public double? DenoisingEnd { get; init; }

    /// <summary>In-painting: the part of <see cref="Init"/>'s picture that is drawn anew.</summary>
    public Inpainting? Inpainting { get; init; }

    /// <summary>ControlNets, whose effects add up.</summary>
    public IReadOnlyList<ControlInput> ControlNets { get; init; } = [];

    /// <summary>Whether the ControlNets rule without a prompt: they are asked for the positive prompts alone, and the first of what they say is a
    /// tenth of it.</summary>
    public bool GuessMode { get; init; }

    /// <summary>A second pass at a larger size.</summary>
    public HighResolution? HighResolution { get; init; }

    /// <summary>SDXL's sizes; null is the picture's own. Other models take no notice.</summary>
    public SizeConditions? SizeConditions { get; init; }

    /// <summary>Pictures that share a call of the networks, always so many: a short group is filled up, since a picture's last bits may depend
    /// on their number.</summary>
    public int BatchClass { get; init; } = 1;

    /// <summary>Whether different pictures share a call. False fills every call up with one picture: for devices whose kernels round a row
    /// otherwise in another place of the batch (<see cref="BatchClassProbe"/>), where a picture's last bits depended on its company.</summary>
    public bool ShareCalls { get; init; } = true;
}
