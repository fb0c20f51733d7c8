using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Starter.Scenes;
using StableDiffusion.Diffusion.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Starter.Recipe;

/// <summary>The VAE: 64×64 pictures to 16×16 latents of four channels.</summary>
internal static class VaeStage
{
    private const ulong Seed = 101;

    public static AutoencoderKLConfig Config { get; } = new()
    {
        BlockOutChannels = [16, 16, 32],
        DownBlockTypes = [.. Enumerable.Repeat("DownEncoderBlock2D", 3)],
        UpBlockTypes = [.. Enumerable.Repeat("UpDecoderBlock2D", 3)],
        LayersPerBlock = 1,
        LatentChannels = 4,
        NormNumGroups = 4,
        SampleSize = SceneRenderer.Size,
        ForceUpcast = false,
    };

    public static void Run(StarterRecipeOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        manual_seed((long)Seed);
        using var vae = new AutoencoderKL(Config);
        StartWithLittleNoise(vae);
        var optimization = new OptimizationOptions
        {
            Steps = options.Steps(4000), BatchSize = 8, LearningRate = 2e-3, WarmupSteps = options.Steps(50), WeightDecay = 0, Shards = options.Threads,
        };
        // Beside an error that is a mean over 12,288 values, this is some ten times Stable Diffusion's 1e-6 beside a sum. More of
        // it (1e-6 was tried) and Adam, for which no gradient is too small, gives two of the four channels up.
        var trainer = new AutoencoderTrainer(vae, optimization) { KlWeight = 1e-9, AbsoluteErrorWeight = 0.5 };
        trainer.Run(
            step => SceneTensors.Pictures(SceneTensors.Range(SceneSplit.Training, (long)step * optimization.BatchSize, optimization.BatchSize)),
            Seed, progress, cancellationToken);

        var folder = Path.Combine(options.Folder, "vae");
        NetworkFolder.Save(folder, vae, ScalarType.Float16);
        ConfigFile.Write(Path.Combine(folder, "config.json"), Config with { ScalingFactor = ScalingFactor(vae) }, ("_class_name", nameof(AutoencoderKL)));
    }

    // A fresh encoder's variance of 1 would drown what it says for hundreds of steps.
    private static void StartWithLittleNoise(AutoencoderKL vae)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in vae.named_parameters())
        {
            var logvar = parameter.slice(0, Config.LatentChannels, 2 * Config.LatentChannels, 1);
            if (name == "quant_conv.weight")
                logvar.mul_(0.1);
            else if (name == "quant_conv.bias")
                logvar.fill_(-5);
        }
    }

    private static double ScalingFactor(AutoencoderKL vae)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var posterior = vae.Encode(SceneTensors.Pictures(SceneTensors.Range(SceneSplit.Training, 0, 512)));
        return Math.Round(AutoencoderTrainer.EstimateScalingFactor(posterior.Mean, posterior.Logvar), 5);
    }
}
