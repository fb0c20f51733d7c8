using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Diffusion.Tokenizers;

namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>Finds what a single file does not contain, as <see cref="SingleFileOptions"/> says where.</summary>
internal sealed class SingleFileSettings
{
    private const string TokenizerName = "tokenizer";

    // OpenCLIP fills prompts up with token 0
    private const string OpenClipPadToken = "!";

    private readonly string file;
    private readonly string? folder;
    private readonly SingleFileOptions options;
    private readonly Lazy<JsonObject?> scheduler;

    /// <exception cref="ModelFolderException">A folder that the options name is not there.</exception>
    public SingleFileSettings(string file, SingleFileOptions options)
    {
        this.file = file;
        this.options = options;
        var beside = Path.ChangeExtension(file, null);
        folder = options.ConfigFolder ?? (Directory.Exists(beside) ? beside : null);
        foreach (var named in new[] { options.ConfigFolder, options.Tokenizer }.Where(named => named is not null && !Directory.Exists(named)))
        {
            throw new ModelFolderException(file, $"the folder '{named}' that it is to be read with does not exist");
        }

        scheduler = new(() => Find("scheduler", "scheduler_config.json") is { } path ? ConfigFile.ReadObject(path) : null);
    }

    /// <summary>The folder's model_index.json; null where it has none.</summary>
    public ModelIndex? Index => Find("", ModelIndex.FileName) is { } path ? ConfigFile.Read<ModelIndex>(path) : null;

    /// <summary>A network's sizes.</summary>
    public T Config<T>(string component, T published)
        where T : ICheckedConfig => Find(component, "config.json") is { } path ? ConfigFile.Read<T>(path) : published;

    /// <summary>What the U-Net predicts.</summary>
    public PredictionType Prediction(SingleFileFamily family, int inChannels, bool hasVelocityKey)
    {
        if (options.PredictionType is { } given)
        {
            return given;
        }

        if (scheduler.Value is { } config)
        {
            return Predictions.Read(new SchedulerConfig(config, Path.Combine(folder!, "scheduler")));
        }

        return OriginalConfig.Prediction(file)
            ?? (hasVelocityKey || (family == SingleFileFamily.SD2 && inChannels == 4) ? PredictionType.VPrediction : PredictionType.Epsilon);
    }

    /// <summary>The scheduler's configuration.</summary>
    public JsonObject Scheduler(PublishedModel published, PredictionType prediction, bool zeroTerminalSnr)
    {
        var config = scheduler.Value is { } own
            ? PipelineFolder.Mended(own, isXL: published.TextEncoder2 is not null)
            : published.Scheduler(prediction, zeroTerminalSnr);
        config["prediction_type"] = prediction.ToName();
        return config;
    }

    /// <summary>The tokenizer. A folder's own pads as it says; one shared by several models as the family does.</summary>
    /// <param name="published">Sizes of its text encoder.</param>
    /// <param name="padToken">The family's.</param>
    /// <exception cref="ModelFolderException">There is none, or it is another model's; the message says what to do.</exception>
    public CLIPTokenizer Tokenizer(CLIPTextConfig published, string padToken)
    {
        if (options.Tokenizer is null && Own(TokenizerName) is { } own)
        {
            return CLIPTokenizer.Load(own);
        }

        var (folder, wanted) = (Shared(), Config("text_encoder", published).VocabSize);
        var tokenizer = CLIPTokenizer.Load(folder, padToken);
        return tokenizer.VocabularySize == wanted ? tokenizer : throw new ModelFolderException(
            file, $"its text encoder knows {wanted} tokens, and the vocabulary in {folder} {tokenizer.VocabularySize}; it is another model's");
    }

    /// <summary>SDXL's second tokenizer: the first's vocabulary with another padding.</summary>
    public CLIPTokenizer Tokenizer2() =>
        Own("tokenizer_2") is { } own ? CLIPTokenizer.Load(own) : CLIPTokenizer.Load(Own(TokenizerName) ?? Shared(), OpenClipPadToken);

    private string Shared()
    {
        var beside = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var found = new[] { beside, Path.GetDirectoryName(beside) ?? beside }.Select(one => Path.Combine(one, TokenizerName)).FirstOrDefault(Directory.Exists);
        return options.Tokenizer ?? found ?? throw new ModelFolderException(
            file,
            "checkpoints do not contain CLIP's vocabulary, and none was found; copy the folder 'tokenizer' of any Stable Diffusion model in"
            + $" diffusers' layout (vocab.json, merges.txt) to {Path.Combine(beside, TokenizerName)}");
    }

    private string? Own(string name) => folder is not null && Directory.Exists(Path.Combine(folder, name)) ? Path.Combine(folder, name) : null;

    private string? Find(string component, string name) =>
        folder is not null && File.Exists(Path.Combine(folder, component, name)) ? Path.Combine(folder, component, name) : null;
}
