using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Starter.Scenes;
using StableDiffusion.Diffusion.Training;

namespace StableDiffusion.Diffusion.Starter.Recipe;

/// <summary>
/// The VAE's decoder alone, on pictures that it has not seen: its reconstructions get better while the latents, and so
/// everything that is trained on them, stay what they are.
/// </summary>
internal static class VaeDecoderStage
{
    private const ulong Seed = 111;
    private const long FirstScene = 1_000_000;

    public static void Run(StarterRecipeOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        using var vae = NetworkFolder.LoadVae(Path.Combine(options.Folder, "vae"));
        vae.train();
        foreach (var (name, parameter) in vae.named_parameters())
            parameter.requires_grad_(name.StartsWith("decoder.", StringComparison.Ordinal) || name.StartsWith("post_quant_conv.", StringComparison.Ordinal));
        var optimization = new OptimizationOptions
        {
            Steps = options.Steps(2000), BatchSize = 8, LearningRate = 2e-3, WarmupSteps = options.Steps(50), WeightDecay = 0,
        };
        VaeStage.Trainer(vae, optimization).Run(
            step => SceneTensors.Pictures(SceneTensors.Range(SceneSplit.Training, FirstScene + (long)step * optimization.BatchSize, optimization.BatchSize)),
            Seed, progress, cancellationToken);
        VaeStage.Save(options, vae, vae.Config);
    }
}
