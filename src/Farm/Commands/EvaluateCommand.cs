using System.CommandLine;
using Spectre.Console;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Diffusion.Starter.Classifier;
using StableDiffusion.Diffusion.Starter.Evaluation;

namespace StableDiffusion.Farm.Commands;

/// <summary><c>./farm evaluate starter</c>: how often the model draws what was asked, as the classifier sees it.</summary>
internal static class EvaluateCommand
{
    private const int ClassifierRenderings = 2000;

    public static Command Create()
    {
        var defaults = new StarterEvaluationOptions();
        var folder = new Option<DirectoryInfo>("--models")
        {
            Description = "Folder that holds starter/ and starter-classifier/.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Checkout.Root, "models")),
        };
        var count = new Option<int>("--count") { Description = "Prompts, each with a seed of its own.", DefaultValueFactory = _ => defaults.Count }.Within(1);
        var steps = new Option<int>("--steps") { Description = "Denoising steps.", DefaultValueFactory = _ => defaults.Steps }.Within(1);
        var scale = new Option<double?>("--cfg-scale") { Description = "Classifier-free guidance; without it what the model recommends." }.Number();
        var scheduler = new Option<string?>("--scheduler") { Description = "A diffusers class name; without it the model's own." };
        scheduler.AcceptOnlyFromAmong([.. SchedulerFactory.ClassNames]);
        var pictures = new Option<DirectoryInfo?>("--pictures") { Description = "Keep the pictures here.", HelpName = "FOLDER" };
        var starter = new Command("starter", "Draws held-out prompts and lets a separate classifier judge them.") { folder, count, steps, scale, scheduler, pictures };
        starter.SetAction((parsed, cancellationToken) =>
        {
            string root = parsed.GetValue(folder)!.FullName;
            Evaluate(new StarterEvaluationOptions
            {
                Folder = Path.Combine(root, "starter"),
                ClassifierFolder = Path.Combine(root, "starter-classifier"),
                Count = parsed.GetValue(count),
                Steps = parsed.GetValue(steps),
                GuidanceScale = parsed.GetValue(scale),
                Scheduler = parsed.GetValue(scheduler),
            }, parsed.GetValue(pictures), cancellationToken);
            return Task.FromResult(0);
        });
        return new Command("evaluate", "Measures how often a model draws what was asked.") { starter };
    }

    private static void Evaluate(StarterEvaluationOptions options, DirectoryInfo? pictures, CancellationToken cancellationToken)
    {
        pictures?.Create();
        using (var classifier = PictureClassifier.Load(options.ClassifierFolder))
        {
            var judge = ClassifierAccuracy.Measure(classifier, ClassifierRenderings);
            Console.WriteLine($"The classifier on {judge.Count} held-out renderings: subject {judge.Subject:P1}, colour {judge.Foreground:P1}, background {judge.Background:P1}, all {judge.All:P1}");
        }

        var judged = new List<JudgedPicture>();
        foreach (JudgedPicture picture in StarterEvaluation.Run(options, cancellationToken))
        {
            judged.Add(picture);
            if (pictures is not null)
            {
                File.WriteAllBytes(Path.Combine(pictures.FullName, $"{picture.Seed:D4}.png"), PngWriter.Write(picture.Picture));
            }

            if (!picture.IsRight)
            {
                Console.WriteLine($"seed {picture.Seed}: \"{picture.Caption.Text}\" looks like {picture.Verdict.Subject.Name}, {picture.Verdict.Foreground.Name} on {picture.Verdict.Background.Name}");
            }
        }

        var score = StarterScore.Of(judged);
        var table = new Table().AddColumns("pictures", "subject", "colours", "all", "shapes", "digits");
        table.AddRow($"{score.Count}", $"{score.Subject:P1}", $"{score.Colors:P1}", $"{score.All:P1}", $"{score.Shapes:P1}", $"{score.Digits:P1}");
        Terminal.Results.Write(table);
    }
}
