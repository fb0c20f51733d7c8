using System.CommandLine;
using StableDiffusion.Farm.Bench.Farms;

namespace StableDiffusion.Farm.Commands;

/// <summary><c>./farm bench farm</c>: all that a farm on real servers does but the drawing.</summary>
internal static class FarmBenchCommand
{
    public static Command Create()
    {
        var parts = new Option<FarmBenchPart[]>("--part")
        {
            Description = "Only this part; may be given several times.",
            DefaultValueFactory = _ => Enum.GetValues<FarmBenchPart>(),
        };
        parts.AcceptOnlyFromAmong(Enum.GetNames<FarmBenchPart>());
        var images = new Option<int>("--images") { Description = "Images through the whole path.", DefaultValueFactory = _ => 20_000 }.Within(1_000);
        var workers = new Option<int>("--workers") { Description = "Workers that render.", DefaultValueFactory = _ => 4 }.Within(1);
        var group = new Option<int>("--group-size") { Description = "Most images of one command to a worker.", DefaultValueFactory = _ => 128 }.Within(1, 512);
        var samples = new Option<int>("--samples") { Description = "Samples of each latency.", DefaultValueFactory = _ => 500 }.Within(20);
        var batch = new Option<int>("--batch-images") { Description = "Images of the large batch.", DefaultValueFactory = _ => 100_000 }.Within(1);
        var fleet = new Option<int>("--fleet") { Description = "Workers that only report.", DefaultValueFactory = _ => 1_000 }.Within(1);
        var waiting = new Option<int>("--waiting") { Description = "Images that wait.", DefaultValueFactory = _ => 1_000_000 }.Within(1);
        var folder = new Option<DirectoryInfo>("--folder")
        {
            Description = "Where pictures go while it measures.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => new DirectoryInfo(Path.GetTempPath()),
        };
        var command = new Command("farm", "Measures a farm of processes on real servers, with a renderer that costs nothing.")
        {
            parts, images, workers, group, samples, batch, fleet, waiting, folder,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await FarmPathBench.RunAsync(
                new FarmBenchSettings
                {
                    Parts = parsed.GetValue(parts)!,
                    Images = parsed.GetValue(images),
                    Workers = parsed.GetValue(workers),
                    GroupSize = parsed.GetValue(group),
                    Samples = parsed.GetValue(samples),
                    BatchImages = parsed.GetValue(batch),
                    Fleet = parsed.GetValue(fleet),
                    Waiting = parsed.GetValue(waiting),
                    Folder = parsed.GetValue(folder)!.FullName,
                },
                cancellationToken);
            return 0;
        });
        return command;
    }
}
