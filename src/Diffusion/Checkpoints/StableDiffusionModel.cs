using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Checkpoints.Ldm;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>A Stable Diffusion model (1.x, 2.x, XL) ready to draw.</summary>
/// <remarks>A loaded model owns its networks; one made by <see cref="With"/> owns none.</remarks>
public sealed class StableDiffusionModel : IDisposable
{
    private readonly Lazy<string> hash;
    private readonly bool ownsNetworks;
    private CpuOffload? offload;

    internal StableDiffusionModel(string source, ScalarType dtype, Device device, Func<string> hash)
        : this(source, dtype, device, new Lazy<string>(hash), ownsNetworks: true)
    {
    }

    private StableDiffusionModel(string source, ScalarType dtype, Device device, Lazy<string> hash, bool ownsNetworks)
    {
        Source = source;
        DType = dtype;
        Device = device;
        this.hash = hash;
        this.ownsNetworks = ownsNetworks;
    }

    /// <summary>The folder or file that it was loaded from.</summary>
    public string Source { get; }

    /// <summary>The type of its weights.</summary>
    public ScalarType DType { get; }

    /// <summary>Where its networks work, and where their weights are unless they are offloaded. Changes with <see cref="MoveTo(Device)"/>.</summary>
    public Device Device { get; private set; }

    /// <summary>From prompts to token ids; SDXL's refiner alone has none.</summary>
    public required CLIPTokenizer? Tokenizer { get; init; }

    /// <summary>From token ids to the text embedding; SDXL's refiner alone has none.</summary>
    public required CLIPTextModel? TextEncoder { get; init; }

    /// <summary>From prompts to the second text encoder's token ids; SDXL alone has it. It pads with another token than the first.</summary>
    public CLIPTokenizer? Tokenizer2 { get; init; }

    /// <summary>From token ids to the rest of the text embedding and its pooled form; SDXL alone has it.</summary>
    public CLIPTextModelWithProjection? TextEncoder2 { get; init; }

    /// <summary>Between pictures and latents.</summary>
    public required AutoencoderKL Vae { get; init; }

    /// <summary>Predicts the noise in latents.</summary>
    public required UNet2DConditionModel UNet { get; init; }

    /// <summary>The scheduler's configuration as the folder has it; a scheduler is built from it only when one is asked for.</summary>
    public required JsonObject SchedulerConfig { get; init; }

    /// <summary>The guidance that its folder recommends (<c>_guidance_scale</c> in model_index.json), 7 where it says nothing.</summary>
    public double DefaultGuidanceScale { get; init; } = ModelIndex.UsualGuidanceScale;

    /// <summary>Whether an SDXL model takes zeros, and not an encoded "", where no negative prompt is given.</summary>
    public bool ForceZerosForEmptyPrompt { get; init; }

    /// <summary>Whether its U-Net is told how beautiful the picture is to be in place of the size that is wanted: SDXL's refiner.</summary>
    public bool RequiresAestheticsScore { get; init; }

    /// <summary>Whether it is an SDXL model, with two text encoders, or the second alone.</summary>
    public bool IsXL => TextEncoder2 is not null;

    /// <summary>Its text encoders with their tokenizers: one, or SDXL's two.</summary>
    internal IReadOnlyList<(CLIPTokenizer Tokenizer, CLIPTextEncoder Network)> TextEncoders
    {
        get
        {
            (CLIPTokenizer? Tokenizer, CLIPTextEncoder? Network)[] both = [(Tokenizer, TextEncoder), (Tokenizer2, TextEncoder2)];
            return [.. both.Where(one => one.Network is not null).Select(one => (one.Tokenizer!, one.Network!))];
        }
    }

    /// <summary>Memory that the weights take, in bytes.</summary>
    public long WeightBytes => Networks.SelectMany(network => network.parameters().Concat<Tensor>(network.buffers())).Sum(weight => weight.numel() * weight.element_size());

    /// <summary>Its networks: those that it has.</summary>
    internal IReadOnlyList<nn.Module> Networks => [.. new nn.Module?[] { TextEncoder, TextEncoder2, Vae, UNet }.OfType<nn.Module>()];

    /// <summary>How many numbers tell SDXL's U-Net a picture's sizes.</summary>
    internal int TimeIds => RequiresAestheticsScore ? 5 : 6;

    /// <summary>Keys of a single file that no network has, such as averaged weights and what merges left; empty for folders.</summary>
    public IReadOnlyList<string> PassedOver { get; init; } = [];

    /// <summary>Pixels per latent, in height and in width; pictures' sizes are multiples of it.</summary>
    public int VaeScaleFactor => Vae.ScaleFactor;

    /// <summary>Height and width in pixels that it was trained at.</summary>
    public int DefaultSize => UNet.Config.SampleSize is { } latents ? latents * VaeScaleFactor : Vae.Config.SampleSize;

    /// <summary>
    /// SHA-256 in hexadecimal: of a single file, or over everything that was loaded from a folder. Read from the files once,
    /// when first asked for.
    /// </summary>
    public string Hash => hash.Value;

    /// <summary>Loads a diffusers folder (model_index.json, a folder for each component) or a single .safetensors file in the
    /// original LDM/OpenCLIP layout.</summary>
    /// <param name="path">The model's folder or file.</param>
    /// <param name="dtype">The type that the weights get, whatever the files' is; for halves an fp16 variant is preferred.</param>
    /// <param name="device">Where they go; null is the CPU.</param>
    /// <param name="options">For a single file: what it does not contain.</param>
    /// <param name="offload">Keeps the weights in main memory, and each network on this one's device only while it works.</param>
    /// <exception cref="InvalidModelException">Something is missing, corrupt, not built or does not fit; the message says what.</exception>
    public static StableDiffusionModel Load(
        string path, ScalarType dtype = ScalarType.Float32, Device? device = null, SingleFileOptions? options = null, CpuOffload? offload = null)
    {
        var place = offload is null ? device ?? CPU : CPU;
        var model = File.Exists(path) ? SingleFile.Load(path, dtype, place, options ?? new SingleFileOptions()) : PipelineFolder.Load(path, dtype, place);
        if (offload is not null)
        {
            offload.Add(model);
            (model.offload, model.Device) = (offload, offload.Device);
        }

        return model;
    }

    /// <summary>
    /// The same model with another network in place of its own, which it shares all others with. Disposing the result
    /// disposes nothing: this model and the given networks stay their owners' and must outlive it. Its
    /// <see cref="Hash"/> is this model's.
    /// </summary>
    /// <exception cref="InvalidModelException">A given network does not fit the others; the message says how.</exception>
    public StableDiffusionModel With(UNet2DConditionModel? unet = null, AutoencoderKL? vae = null)
    {
        var other = new StableDiffusionModel(Source, DType, Device, hash, ownsNetworks: false)
        {
            Tokenizer = Tokenizer,
            TextEncoder = TextEncoder,
            Tokenizer2 = Tokenizer2,
            TextEncoder2 = TextEncoder2,
            Vae = vae ?? Vae,
            UNet = unet ?? UNet,
            SchedulerConfig = SchedulerConfig,
            DefaultGuidanceScale = DefaultGuidanceScale,
            ForceZerosForEmptyPrompt = ForceZerosForEmptyPrompt,
            RequiresAestheticsScore = RequiresAestheticsScore,
            PassedOver = PassedOver,
        };
        ModelFit.Check(other);
        return other;
    }

    /// <summary>Moves the weights elsewhere, where the networks work from then on. Those that this made by <see cref="With"/> must be gone.</summary>
    /// <param name="device">Where to. What does not fit there whole goes back to where it was, and the error comes out.</param>
    /// <exception cref="InvalidOperationException">The networks are others', or offloaded: they move when they work.</exception>
    public void MoveTo(Device device) => MoveTo(device, (network, place) => network.to(place));

    internal void MoveTo(Device device, Action<nn.Module, Device> move)
    {
        if (!ownsNetworks || offload is not null)
        {
            throw new InvalidOperationException("Only a model that owns its networks and does not offload them can be moved.");
        }

        var touched = new Stack<nn.Module>();
        try
        {
            foreach (var network in Networks)
            {
                touched.Push(network); // a part of it may have moved when it fails
                move(network, device);
            }
        }
        catch
        {
            foreach (var network in touched)
            {
                move(network, Device);
            }

            throw;
        }

        Device = device;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (ownsNetworks)
        {
            offload?.Forget(this);
            foreach (var network in Networks)
            {
                network.Dispose();
            }
        }
    }
}
