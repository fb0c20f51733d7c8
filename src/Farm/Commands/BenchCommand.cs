using System.CommandLine;
using StableDiffusion.Farm.Bench;
using StableDiffusion.Farm.Bench.Networks;
using TorchSharp;

namespace StableDiffusion.Farm.Commands;

/// <summary>
/// <c>./farm bench</c>: images per second of the bare pipeline and of the farm around it, one after the other in one run.
/// <c>./farm bench network</c>: how much of the machine's arithmetic a U-Net of true size gets. <c>./farm bench farm</c>: <see cref="FarmBenchCommand"/>.
/// </summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var model = new Option<DirectoryInfo>("--model")
        {
            Description = "The model's folder.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Checkout.Root, "models", "starter")),
        };
        var images = new Option<int>("--images") { Description = "Pictures to measure with.", DefaultValueFactory = _ => 32 }.Within(1);
        var steps = new Option<int>("--steps") { Description = "Denoising steps of each.", DefaultValueFactory = _ => 20 }.Within(1);
        var command = new Command("bench", "Measures images per second, the pipeline's and the farm's.") { Network(), FarmBenchCommand.Create(), model, images, steps };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new BenchSettings(parsed.GetValue(model)!.FullName, parsed.GetValue(images), parsed.GetValue(steps)), cancellationToken));
        return command;
    }

    private static Command Network()
    {
        var rounds = new Option<int>("--rounds") { Description = "How often each is measured.", DefaultValueFactory = _ => 5 }.Within(1);
        var command = new Command("network", "Measures the speed and the memory of SD 1.5's U-Net, with random weights.") { rounds };
        command.SetAction((parsed, cancellationToken) => OnThreadOfItsOwn(
            () =>
            {
                NetworkBench.Run(parsed.GetValue(rounds), cancellationToken);
                return 0;
            },
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        // what a worker chooses by itself
        bool gpu = torch.cuda.is_available();
        (torch.Device device, torch.ScalarType dtype) = gpu ? (torch.CUDA, torch.ScalarType.Float16) : (torch.CPU, torch.ScalarType.Float32);
        double pipeline = await OnThreadOfItsOwn(() => PipelineBench.Run(settings, device, dtype, cancellationToken), cancellationToken);
        Console.WriteLine($"bare pipeline  {pipeline,8:0.00} images/s");
        double farm = await FarmBench.RunAsync(settings, cancellationToken);
        Console.WriteLine($"embedded farm  {farm,8:0.00} images/s  {farm / pipeline:0%} of the pipeline's");
        Console.WriteLine($"{settings.Images} pictures each, {settings.Steps} steps, {Path.GetFileName(settings.Model)}, {(gpu ? "cuda" : $"{Environment.ProcessorCount} cores")}; warm, one after the other");
        return 0;
    }

    /// <summary>As a worker gives it one: Torch's settings and scopes belong to a thread.</summary>
    private static Task<T> OnThreadOfItsOwn<T>(Func<T> measure, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(measure, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
