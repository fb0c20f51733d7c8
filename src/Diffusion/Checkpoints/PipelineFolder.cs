using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Tokenizers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>A model as diffusers saves it: model_index.json and a folder for each component.</summary>
internal static class PipelineFolder
{
    private const string Tokenizer = "tokenizer", TextEncoder = "text_encoder", Second = "_2";

    /// <inheritdoc cref="StableDiffusionModel.Load"/>
    public static StableDiffusionModel Load(string folder, ScalarType dtype, Device device)
    {
        var indexPath = Path.Combine(folder, ModelIndex.FileName);
        if (!File.Exists(indexPath))
        {
            throw new ModelFolderException(folder, Directory.Exists(folder)
                ? $"no diffusers model is there: it has no {ModelIndex.FileName}"
                : "there is no such folder or file");
        }

        var index = ConfigFile.Read<ModelIndex>(indexPath);
        var schedulerPath = SchedulerPath(folder);
        if (!File.Exists(schedulerPath))
        {
            throw new ModelFolderException(folder, "it has no scheduler/scheduler_config.json");
        }

        var schedulerConfig = Mended(ConfigFile.ReadObject(schedulerPath), index.IsXL);
        var tokenizer = index.HasTextEncoder ? CLIPTokenizer.Load(Path.Combine(folder, Tokenizer)) : null;
        var tokenizer2 = index.IsXL ? CLIPTokenizer.Load(Path.Combine(folder, Tokenizer + Second)) : null;
        using var loaded = new Unfinished();
        var model = new StableDiffusionModel(folder, dtype, device, () => ModelHash.Compute(folder, Files(folder, index, dtype)))
        {
            DefaultGuidanceScale = index.GuidanceScale,
            ForceZerosForEmptyPrompt = index.IsXL && index.ForceZerosForEmptyPrompt,
            RequiresAestheticsScore = index.IsXL && index.RequiresAestheticsScore,
            SchedulerConfig = schedulerConfig,
            Tokenizer = tokenizer,
            Tokenizer2 = tokenizer2,
            TextEncoder = index.HasTextEncoder ? loaded.Keep(NetworkFolder.LoadTextEncoder(Path.Combine(folder, TextEncoder), dtype, device)) : null,
            TextEncoder2 = index.IsXL ? loaded.Keep(NetworkFolder.LoadTextEncoder2(Path.Combine(folder, TextEncoder + Second), dtype, device)) : null,
            Vae = loaded.Keep(NetworkFolder.LoadVae(Path.Combine(folder, "vae"), dtype, device)),
            UNet = loaded.Keep(NetworkFolder.LoadUNet(Path.Combine(folder, "unet"), dtype, device)),
        };
        ModelFit.Check(model);
        loaded.Finish();
        return model;
    }

    /// <summary>The scheduler's configuration, in which files of the first months leave fields out or have them wrong; diffusers' pipelines of
    /// SD 1.x and 2.x set them so as well.</summary>
    public static JsonObject Mended(JsonObject scheduler, bool isXL)
    {
        if (!isXL)
        {
            scheduler["clip_sample"] = false;
            scheduler["steps_offset"] = 1;
        }

        return scheduler;
    }

    private static string SchedulerPath(string folder) => Path.Combine(folder, "scheduler", "scheduler_config.json");

    private static IEnumerable<string> Files(string folder, ModelIndex index, ScalarType dtype)
    {
        string[] encoders = !index.IsXL ? [""] : index.HasTextEncoder ? ["", Second] : [Second];
        return
        [
            Path.Combine(folder, ModelIndex.FileName),
            SchedulerPath(folder),
            .. encoders.SelectMany(which => Directory.EnumerateFiles(Path.Combine(folder, Tokenizer + which))),
            .. encoders.SelectMany(which => NetworkFolder.Files(Path.Combine(folder, TextEncoder + which), NetworkFolder.TransformersName, dtype)),
            .. NetworkFolder.Files(Path.Combine(folder, "vae"), NetworkFolder.DiffusersName, dtype),
            .. NetworkFolder.Files(Path.Combine(folder, "unet"), NetworkFolder.DiffusersName, dtype),
        ];
    }
}
