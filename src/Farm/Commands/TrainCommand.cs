using System.CommandLine;
using System.Diagnostics;
using Spectre.Console;
using StableDiffusion.Diffusion.Starter.Recipe;
using StableDiffusion.Diffusion.Training;

namespace StableDiffusion.Farm.Commands;

/// <summary><c>./farm train starter</c>: makes the starter model and its judge anew.</summary>
internal static class TrainCommand
{
    private const int LinesPerStage = 20;

    public static Command Create()
    {
        var folder = new Option<DirectoryInfo>("--out")
        {
            Description = "Folder for starter/ and starter-classifier/.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Checkout.Root, "models")),
        };
        var stages = new Option<StarterStage[]>("--stage")
        {
            Description = "Only this stage, from what the earlier ones left in the folder; may be given several times.",
            DefaultValueFactory = _ => Enum.GetValues<StarterStage>(),
        };
        stages.AcceptOnlyFromAmong(Enum.GetNames<StarterStage>());
        var starter = new Command("starter", "Trains the starter model: 64×64 pictures of shapes and digits.") { folder, stages };
        starter.SetAction((parsed, cancellationToken) =>
        {
            parsed.GetValue(folder)!.Create();
            string root = parsed.GetValue(folder)!.FullName;
            Train(new StarterRecipeOptions
            {
                Folder = Path.Combine(root, "starter"),
                ClassifierFolder = Path.Combine(root, "starter-classifier"),
                Stages = parsed.GetValue(stages)!,
            }, cancellationToken);
            return Task.FromResult(0);
        });
        return new Command("train", "Trains a model.") { starter };
    }

    private static void Train(StarterRecipeOptions options, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        StarterRecipe.Run(options, new LossLines(), cancellationToken);
        Console.WriteLine($"{options.Folder} made in {Stopwatch.GetElapsedTime(start):hh\\:mm\\:ss}");
    }

    /// <summary>Prints the mean loss now and then. Not <see cref="Progress{T}"/>, whose reports come late and out of order.</summary>
    private sealed class LossLines : IProgress<TrainingProgress>
    {
        private readonly long _start = Stopwatch.GetTimestamp();
        private double _sum;
        private int _count;

        public void Report(TrainingProgress value)
        {
            _sum += value.Loss;
            _count++;
            if (value.Step != value.Steps && value.Step % Math.Max(1, value.Steps / LinesPerStage) != 0)
            {
                return;
            }

            Console.WriteLine($"{Stopwatch.GetElapsedTime(_start):hh\\:mm\\:ss}  {value.Stage,-12}  step {value.Step,5} of {value.Steps,5}  loss {_sum / _count:F4}");
            (_sum, _count) = (0, 0);
        }
    }
}
