using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Diffusion.Starter.Scenes;
using StableDiffusion.Diffusion.Tokenizers;
using StableDiffusion.Diffusion.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Starter.Recipe;

/// <summary>The U-Net, trained on cached latents with the finished text encoder's embeddings.</summary>
internal static class UNetStage
{
    private const ulong Seed = 303;
    private const int Scenes = 16384;
    private const int EncodingBatch = 64;
    private const double PromptDropout = 0.1;

    public static UNet2DConditionConfig Config { get; } = new()
    {
        SampleSize = SceneRenderer.Size / 4,
        BlockOutChannels = [32, 64, 128],
        DownBlockTypes = ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        UpBlockTypes = ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        LayersPerBlock = 1,
        CrossAttentionDim = TextEncoderStage.Config.HiddenSize,
        AttentionHeadDim = 4,
        NormNumGroups = 8,
    };

    public static void Run(StarterRecipeOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        manual_seed((long)Seed);
        using var unet = new UNet2DConditionModel(Config);
        using var vae = NetworkFolder.LoadVae(Path.Combine(options.Folder, "vae"));
        using var textEncoder = NetworkFolder.LoadTextEncoder(Path.Combine(options.Folder, "text_encoder"));
        using var prompts = new PromptEmbeddings(CLIPTokenizer.Load(Path.Combine(options.Folder, "tokenizer")), textEncoder);
        using var generator = new Generator(Seed + 1); // not the trainer's, whose noise would be the same
        var (mean, deviation) = Encode(vae, cancellationToken);
        var captions = CaptionsOf(Scenes);
        var optimization = new OptimizationOptions
        {
            Steps = options.Steps(6500), BatchSize = 32, LearningRate = 1e-3, WarmupSteps = options.Steps(100), Shards = options.Threads,
        };
        var loss = new NoisePredictionLoss(unet, StarterFiles.Schedule) { PredictionType = PredictionType.VPrediction };
        var trainer = new NoisePredictionTrainer(loss, unet.parameters(), optimization) { TimestepShift = 3 };
        trainer.Run(Batch, Seed, progress, cancellationToken);
        NetworkFolder.Save(Path.Combine(options.Folder, "unet"), unet, ScalarType.Float16);

        (Tensor Latents, Tensor Embeddings) Batch(int step)
        {
            var random = SeededRandom.For(Seed, step);
            var chosen = Enumerable.Range(0, optimization.BatchSize).Select(_ => (long)random.Below(Scenes)).ToArray();
            var embeddings = prompts.Of(chosen.Select(i => random.NextUnit() < PromptDropout ? "" : captions[i]));
            var rows = tensor(chosen);
            var center = mean.index_select(0, rows);
            var noise = randn(center.shape, dtype: ScalarType.Float32, generator: generator);
            return (center + deviation.index_select(0, rows) * noise, embeddings);
        }
    }

    private static string[] CaptionsOf(int scenes) => [.. Enumerable.Range(0, scenes).Select(i =>
        Captions.CaptionWriter.Describe(Scene.At(SceneSplit.Training, i), SeededRandom.For(Seed, i)).Text)];

    // Mean and σ of every scene's latents, both times the scaling factor.
    private static (Tensor Mean, Tensor Deviation) Encode(AutoencoderKL vae, CancellationToken cancellationToken)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var (means, deviations) = (new List<Tensor>(), new List<Tensor>());
        for (var first = 0; first < Scenes; first += EncodingBatch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var batch = NewDisposeScope();
            var posterior = vae.Encode(SceneTensors.Pictures(SceneTensors.Range(SceneSplit.Training, first, EncodingBatch)));
            means.Add(batch.MoveToOuter(posterior.Mean * vae.Config.ScalingFactor));
            deviations.Add(batch.MoveToOuter((posterior.Logvar * 0.5).exp() * vae.Config.ScalingFactor));
        }
        return (scope.MoveToOuter(cat(means)), scope.MoveToOuter(cat(deviations)));
    }
}
