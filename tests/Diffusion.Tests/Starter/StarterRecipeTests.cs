using StableDiffusion.Diffusion.Starter.Recipe;
using StableDiffusion.Diffusion.Training;

namespace StableDiffusion.Diffusion.Tests.Starter;

// Networks start from the process's own generator, which no other test may draw from meanwhile.
[CollectionDefinition(nameof(StarterRecipeTests), DisableParallelization = true)]
[Collection(nameof(StarterRecipeTests))]
public sealed class StarterRecipeTests
{
    [Fact]
    public void Training_twice_gives_the_same_bytes()
    {
        using var first = new TemporaryFolder();
        using var second = new TemporaryFolder();
        foreach (var folder in new[] { first, second })
            StarterRecipe.Run(Options(folder), cancellationToken: TestContext.Current.CancellationToken);
        var files = Directory.EnumerateFiles(first.Root, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(first.Root, file)).ToList();
        Assert.Contains(Path.Combine("vae", "diffusion_pytorch_model.safetensors"), files);
        Assert.Contains("classifier.safetensors", files);
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(first.File(file)), File.ReadAllBytes(second.File(file))));
    }

    [Fact]
    public void A_cancelled_training_stops_before_its_next_step()
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        var seen = new List<TrainingProgress>();
        var progress = new Immediately(report =>
        {
            seen.Add(report);
            cancellation.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => StarterRecipe.Run(Options(folder), progress, cancellation.Token));
        Assert.Equal(1, Assert.Single(seen).Step);
    }

    private static StarterRecipeOptions Options(TemporaryFolder folder) => new()
    {
        Folder = folder.Root,
        ClassifierFolder = folder.Root,
        Effort = 0.001,
        Stages = [StarterStage.Files, StarterStage.Vae, StarterStage.Classifier],
    };

    // Progress<T> reports late, on another thread.
    private sealed class Immediately(Action<TrainingProgress> act) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => act(value);
    }
}
