using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Layers;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>A model in one safetensors file in the original LDM/OpenCLIP layout: SD 1.x, 2.x, XL and its refiner, with 4 or 9 channels.</summary>
internal sealed class SingleFile : IDisposable
{
    private const string FirstWeight = $"{LdmUNet.Prefix}input_blocks.0.0.weight";

    // Empty tensors by which trainers of SDXL models tell what the weights do not.
    private const string VelocityMark = "v_pred", ZeroTerminalSnrMark = "ztsnr";

    private readonly WeightFiles file;
    private readonly ScalarType dtype;
    private readonly Device device;
    private readonly HashSet<string> read = new(StringComparer.Ordinal);

    private SingleFile(WeightFiles file, ScalarType dtype, Device device)
    {
        this.file = file;
        this.dtype = dtype;
        this.device = device;
    }

    /// <inheritdoc cref="StableDiffusionModel.Load"/>
    public static StableDiffusionModel Load(string path, ScalarType dtype, Device device, SingleFileOptions options)
    {
        using var single = new SingleFile(WeightFiles.OpenFile(path), dtype, device);
        return single.Load(options);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private StableDiffusionModel Load(SingleFileOptions options)
    {
        var family = SingleFileFamilies.Recognise(file);
        var settings = new SingleFileSettings(file.Source, options);
        var inChannels = file.Has(FirstWeight) && file[FirstWeight].Shape is [_, var channels, _, _] ? (int)channels : 4;
        var prediction = settings.Prediction(family, inChannels, file.Has(VelocityMark));
        var published = PublishedModel.Of(family, inChannels, prediction);
        var index = settings.Index;
        var tokenizer = published.TextEncoder is { } sizes ? settings.Tokenizer(sizes, published.PadToken) : null;
        var tokenizer2 = published.TextEncoder2 is null ? null : settings.Tokenizer2();
        var path = file.Source;
        using var loaded = new Unfinished();
        var model = new StableDiffusionModel(path, dtype, device, () => ModelHash.OfFile(path))
        {
            DefaultGuidanceScale = index?.GuidanceScale ?? ModelIndex.UsualGuidanceScale,
            ForceZerosForEmptyPrompt = family == SingleFileFamily.XL && index?.ForceZerosForEmptyPrompt != false,
            RequiresAestheticsScore = family == SingleFileFamily.XLRefiner,
            SchedulerConfig = settings.Scheduler(published, prediction, file.Has(ZeroTerminalSnrMark)),
            Tokenizer = tokenizer,
            Tokenizer2 = tokenizer2,
            TextEncoder = published.TextEncoder is { } first ? loaded.Keep(TextEncoder(family, settings.Config("text_encoder", first))) : null,
            TextEncoder2 = published.TextEncoder2 is { } second ? loaded.Keep(TextEncoder2(family, settings.Config("text_encoder_2", second))) : null,
            Vae = loaded.Keep(Vae(settings.Config("vae", published.Vae))),
            UNet = loaded.Keep(UNet(settings.Config("unet", published.UNet), options.UseEma)),
            PassedOver = [.. file.Names.Where(key => !read.Contains(key))],
        };
        ModelFit.Check(model);
        loaded.Finish();
        return model;
    }

    private CLIPTextModel TextEncoder(SingleFileFamily family, CLIPTextConfig config) => Fill(new CLIPTextModel(config, LayerFactory.Shapes), family switch
    {
        SingleFileFamily.SD1 => LdmLayout.ClipText(SingleFileFamilies.SD1TextEncoder),
        SingleFileFamily.SD2 => LdmLayout.OpenClipText(config, SingleFileFamilies.SD2TextEncoder),
        _ => LdmLayout.ClipText(SingleFileFamilies.XLTextEncoder),
    });

    private CLIPTextModelWithProjection TextEncoder2(SingleFileFamily family, CLIPTextConfig config) => Fill(
        new CLIPTextModelWithProjection(config, LayerFactory.Shapes),
        LdmLayout.OpenClipText(config, family == SingleFileFamily.XL ? SingleFileFamilies.XLTextEncoder2 : SingleFileFamilies.XLRefinerTextEncoder));

    private AutoencoderKL Vae(AutoencoderKLConfig config) => Fill(new AutoencoderKL(config, LayerFactory.Shapes), LdmLayout.Vae(config));

    private UNet2DConditionModel UNet(UNet2DConditionConfig config, bool ema) => ema && !file.Names.Any(key => key.StartsWith(LdmLayout.EmaOfUNet, StringComparison.Ordinal))
        ? throw new ModelFolderException(file.Source, $"it has no averaged weights ({LdmLayout.EmaOfUNet}…), and UseEma asks for them")
        : Fill(new UNet2DConditionModel(config, LayerFactory.Shapes), LdmLayout.UNet(config, ema));

    /// <summary>Merges of models leave keys in their files that no network has; only what is missing is an error.</summary>
    private T Fill<T>(T network, WeightLayout layout)
        where T : Module => WeightLoader.Load(network, file, layout, dtype, device, strict: false, read);
}
