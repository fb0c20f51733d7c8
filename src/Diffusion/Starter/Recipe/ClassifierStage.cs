using StableDiffusion.Diffusion.Starter.Classifier;
using StableDiffusion.Diffusion.Starter.Scenes;
using StableDiffusion.Diffusion.Training;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Starter.Recipe;

/// <summary>The judge, trained on renderings that the drawing networks never see, some of them blurred and noisy.</summary>
internal static class ClassifierStage
{
    private const ulong Seed = 404;

    public static void Run(StarterRecipeOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        manual_seed((long)Seed);
        using var classifier = new PictureClassifier();
        using var generator = new Generator(Seed);
        var optimizationOptions = new OptimizationOptions
        {
            Steps = options.Steps(1200), BatchSize = 64, LearningRate = 2e-3, WarmupSteps = options.Steps(50), Shards = options.Threads,
        };
        using var optimization = new Optimization(classifier.parameters(), optimizationOptions);
        optimization.Run("classifier", Losses, progress, null, cancellationToken);
        classifier.Save(options.ClassifierFolder);

        IReadOnlyList<Func<Tensor>> Losses(int step)
        {
            var scenes = SceneTensors.Range(SceneSplit.ClassifierTraining, (long)step * optimizationOptions.BatchSize, optimizationOptions.BatchSize);
            return optimizationOptions.Shard(
                [Worn(SceneTensors.Pictures(scenes), generator), PictureClassifier.Classes(scenes)], shard => classifier.Loss(shard[0], shard[1]));
        }
    }

    // As a VAE's pictures can look: each a little blurred, a little noisy.
    private static Tensor Worn(Tensor pictures, Generator generator)
    {
        long[] each = [pictures.shape[0], 1, 1, 1];
        var blurred = avg_pool2d(pictures, 3, stride: 1, padding: 1, count_include_pad: false);
        var blur = rand(each, dtype: ScalarType.Float32, generator: generator);
        var grain = rand(each, dtype: ScalarType.Float32, generator: generator) * 0.1;
        var noise = randn(pictures.shape, dtype: ScalarType.Float32, generator: generator);
        return (pictures + (blurred - pictures) * blur + noise * grain).clamp(-1, 1);
    }
}
