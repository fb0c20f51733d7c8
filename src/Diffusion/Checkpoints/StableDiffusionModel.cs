using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Tokenizers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>A Stable Diffusion 1.x model, loaded from a diffusers folder and ready to draw. It owns its networks.</summary>
public sealed class StableDiffusionModel : IDisposable
{
    private readonly Lazy<string> hash;

    private StableDiffusionModel(string folder, ScalarType dtype, Device device)
    {
        Folder = folder;
        DType = dtype;
        Device = device;
        hash = new Lazy<string>(() => ModelHash.Compute(folder, Files(folder, dtype)));
    }

    /// <summary>Where it was loaded from.</summary>
    public string Folder { get; }

    /// <summary>The type of its weights.</summary>
    public ScalarType DType { get; }

    /// <summary>Where its weights are.</summary>
    public Device Device { get; }

    /// <summary>From prompts to token ids.</summary>
    public required CLIPTokenizer Tokenizer { get; init; }

    /// <summary>From token ids to the text embedding.</summary>
    public required CLIPTextModel TextEncoder { get; init; }

    /// <summary>Between pictures and latents.</summary>
    public required AutoencoderKL Vae { get; init; }

    /// <summary>Predicts the noise in latents.</summary>
    public required UNet2DConditionModel UNet { get; init; }

    /// <summary>The scheduler's configuration as the folder has it; a scheduler is built from it only when one is asked for.</summary>
    public required JsonObject SchedulerConfig { get; init; }

    /// <summary>The guidance that its folder recommends (<c>_guidance_scale</c> in model_index.json), 7 where it says nothing.</summary>
    public required double DefaultGuidanceScale { get; init; }

    /// <summary>Pixels per latent, in height and in width; pictures' sizes are multiples of it.</summary>
    public int VaeScaleFactor => Vae.ScaleFactor;

    /// <summary>Height and width in pixels that it was trained at.</summary>
    public int DefaultSize => UNet.Config.SampleSize is { } latents ? latents * VaeScaleFactor : Vae.Config.SampleSize;

    /// <summary>SHA-256 over everything that was loaded, in hexadecimal; read from the files once, when first asked for.</summary>
    public string Hash => hash.Value;

    /// <summary>Loads a diffusers folder: model_index.json, a folder for each component.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="dtype">The type that the weights get, whatever the files' is; for halves an fp16 variant is preferred.</param>
    /// <param name="device">Where they go; null is the CPU.</param>
    /// <exception cref="InvalidModelException">Something is missing, corrupt, not built or does not fit; the message says what.</exception>
    public static StableDiffusionModel Load(string folder, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        var index = Path.Combine(folder, ModelIndex.FileName);
        if (!File.Exists(index))
        {
            throw new ModelFolderException(folder, $"no diffusers model is there: it has no {ModelIndex.FileName}");
        }

        var guidanceScale = ConfigFile.Read<ModelIndex>(index).GuidanceScale;
        var schedulerPath = SchedulerPath(folder);
        if (!File.Exists(schedulerPath))
        {
            throw new ModelFolderException(folder, "it has no scheduler/scheduler_config.json");
        }

        var schedulerConfig = ConfigFile.ReadObject(schedulerPath);
        var tokenizer = CLIPTokenizer.Load(TokenizerPath(folder));
        var loaded = new Stack<IDisposable>();
        try
        {
            return new StableDiffusionModel(folder, dtype, device ?? CPU)
            {
                DefaultGuidanceScale = guidanceScale,
                SchedulerConfig = schedulerConfig,
                Tokenizer = tokenizer,
                TextEncoder = Keep(NetworkFolder.LoadTextEncoder(Path.Combine(folder, "text_encoder"), dtype, device)),
                Vae = Keep(NetworkFolder.LoadVae(Path.Combine(folder, "vae"), dtype, device)),
                UNet = Keep(NetworkFolder.LoadUNet(Path.Combine(folder, "unet"), dtype, device)),
            };
        }
        catch
        {
            foreach (var network in loaded)
            {
                network.Dispose();
            }

            throw;
        }

        T Keep<T>(T network)
            where T : IDisposable
        {
            loaded.Push(network);
            return network;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        TextEncoder.Dispose();
        Vae.Dispose();
        UNet.Dispose();
    }

    private static string SchedulerPath(string folder) => Path.Combine(folder, "scheduler", "scheduler_config.json");

    private static string TokenizerPath(string folder) => Path.Combine(folder, "tokenizer");

    private static IEnumerable<string> Files(string folder, ScalarType dtype) =>
    [
        Path.Combine(folder, ModelIndex.FileName),
        SchedulerPath(folder),
        .. Directory.EnumerateFiles(TokenizerPath(folder)),
        .. NetworkFolder.Files(Path.Combine(folder, "text_encoder"), NetworkFolder.TransformersName, dtype),
        .. NetworkFolder.Files(Path.Combine(folder, "vae"), NetworkFolder.DiffusersName, dtype),
        .. NetworkFolder.Files(Path.Combine(folder, "unet"), NetworkFolder.DiffusersName, dtype),
    ];
}
