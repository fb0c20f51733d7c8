using System.CommandLine;
using Spectre.Console;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Farm.Client;
using StableDiffusion.Farm.Embedded;
using StableDiffusion.Farm.Rendering;

namespace StableDiffusion.Farm.Commands;

/// <summary><c>./farm render "PROMPT"…</c>: submits a batch over the REST API, waits, and leaves the pictures in a folder.</summary>
internal static class RenderCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static Command Create()
    {
        var prompts = new Argument<string[]>("prompt") { Description = "What to draw; several prompts make one batch.", Arity = ArgumentArity.OneOrMore };
        var settings = new RenderOptions();
        var folder = new Option<DirectoryInfo>("--out") { Description = "Folder for the pictures.", HelpName = "FOLDER", DefaultValueFactory = _ => new DirectoryInfo("renders") };
        var command = new Command("render", "Renders pictures; starts an embedded farm if none runs.") { prompts, folder, FarmOption.Url };
        settings.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using FarmClient farm = await FindFarmAsync(parsed.GetValue(FarmOption.Url), cancellationToken);
            BatchResponse batch = await farm.SubmitAsync(settings.ToRequest(parsed, parsed.GetValue(prompts)!), cancellationToken);
            string page = farm.Address(batch.PageUrl).ToString();
            try
            {
                return await WaitAndSaveAsync(farm, batch, parsed.GetValue(folder)!, settings.Given(parsed), cancellationToken);
            }
            catch (OperationCanceledException)
            {
                await Console.Error.WriteLineAsync($"farm: no longer waiting; the batch goes on at {page}");
                throw;
            }
        });
        return command;
    }

    private static async Task<FarmClient> FindFarmAsync(Uri? url, CancellationToken cancellationToken) => url is not null
        ? new FarmClient(url)
        : await AnsiConsole.Status().StartAsync("Looking for the farm …", status => FarmStarter.FindOrStartAsync(
            DataFolder.Open(), waitsFor => status.Status($"Starting the farm: {waitsFor.EscapeMarkup()} …"), cancellationToken));

    private static async Task<int> WaitAndSaveAsync(
        FarmClient farm, BatchResponse batch, DirectoryInfo folder, IReadOnlyList<string> options, CancellationToken cancellationToken)
    {
        batch = await WaitAsync(farm, batch, cancellationToken);
        folder.Create();
        int failed = 0;
        foreach (ImageResponse image in await farm.GetImagesAsync(batch, cancellationToken))
        {
            if (image.State == ImageState.Succeeded)
            {
                string file = Path.Combine(folder.FullName, PictureNames.Of(image, options));
                await SaveAsync(file, await farm.GetContentAsync(image, cancellationToken), cancellationToken);
                Console.WriteLine(Path.GetRelativePath(Environment.CurrentDirectory, file));
            }
            else
            {
                failed++;
                await Console.Error.WriteLineAsync($"farm: seed {image.Settings.Seed} of \"{image.Settings.Prompt}\" has {image.State.ToString().ToLowerInvariant()}: {image.Error}");
            }
        }

        Console.WriteLine($"The batch: {farm.Address(batch.PageUrl)}");
        return failed == 0 ? 0 : 1;
    }

    private static async Task<BatchResponse> WaitAsync(FarmClient farm, BatchResponse batch, CancellationToken cancellationToken) =>
        await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async progress =>
            {
                ProgressTask task = progress.AddTask(Describe(batch), maxValue: 1);
                while (batch.FinishedAt is null)
                {
                    await Task.Delay(Pause, cancellationToken);
                    batch = await farm.GetBatchAsync(batch, cancellationToken);
                    task.Description = Describe(batch);
                    task.Value = batch.Progress;
                }

                return batch;
            });

    private static string Describe(BatchResponse batch) => $"{batch.Counts.Succeeded} of {batch.Counts.Total} pictures";

    /// <summary>Replaces a file whole: whoever looks sees the old picture or the new one.</summary>
    private static async Task SaveAsync(string file, byte[] png, CancellationToken cancellationToken)
    {
        string temporary = $"{file}.{Environment.ProcessId}.part";
        await File.WriteAllBytesAsync(temporary, png, cancellationToken);
        File.Move(temporary, file, overwrite: true);
    }
}
