using System.CommandLine;
using System.CommandLine.Parsing;
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
            RefuseUnknownOptions(parsed, prompts);
            BatchRequest request = settings.ToRequest(parsed, parsed.GetValue(prompts)!);
            DirectoryInfo pictures = parsed.GetValue(folder)!;
            EnsureWritable(pictures);
            using FarmClient farm = await FindFarmAsync(parsed.GetValue(FarmOption.Url), cancellationToken);
            BatchResponse batch = await SubmitAsync(farm, request, cancellationToken);
            string page = farm.Address(batch.PageUrl).ToString();
            try
            {
                return await WaitAndSaveAsync(farm, batch, pictures, settings.Given(parsed), settings.Previews(parsed), cancellationToken);
            }
            catch (OperationCanceledException)
            {
                await Console.Error.WriteLineAsync($"farm: no longer waiting; the batch goes on at {page}");
                throw;
            }
        });
        return command;
    }

    /// <summary>What no option is called would be drawn as a prompt; only after <c>--</c> is it meant as one. An option without its value
    /// would take the next option's name for it.</summary>
    private static void RefuseUnknownOptions(ParseResult parsed, Argument<string[]> prompts)
    {
        string[] names = [.. parsed.CommandResult.Command.Options.SelectMany(option => option.Aliases.Append(option.Name))];
        foreach (OptionResult given in parsed.CommandResult.Children.OfType<OptionResult>())
        {
            if (given.Tokens.FirstOrDefault(token => names.Contains(token.Value)) is { } next)
            {
                throw new FarmException($"{given.Option.Name}: a value is missing before {next.Value} (./farm help render lists the options)");
            }
        }

        int certain = parsed.Tokens.Reverse().TakeWhile(token => token.Type != TokenType.DoubleDash).Count();
        certain = certain == parsed.Tokens.Count ? 0 : certain;
        if (parsed.GetValue(prompts)!.SkipLast(certain).FirstOrDefault(prompt => prompt.StartsWith('-')) is { } option)
        {
            throw new FarmException($"no option '{option}' (./farm help render lists the options; a prompt that starts with a dash goes after --)");
        }
    }

    /// <summary>Before anything is drawn: pictures that cannot be kept are work for nothing.</summary>
    private static void EnsureWritable(DirectoryInfo folder)
    {
        DirectoryInfo nearest = folder;
        while (!nearest.Exists && !File.Exists(nearest.FullName) && nearest.Parent is { } above)
        {
            nearest = above;
        }

        try
        {
            using var trial = new FileStream(
                Path.Combine(nearest.FullName, Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string reason = nearest.Exists ? error.Message : $"{nearest.FullName} is a file.";
            throw new FarmException($"--out: no pictures can be written to {folder.FullName}: {reason} Name another folder.", error);
        }
    }

    private static async Task<BatchResponse> SubmitAsync(FarmClient farm, BatchRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await farm.SubmitAsync(request, cancellationToken);
        }
        catch (FarmException refusal)
        {
            throw new FarmException(FieldNames.InOptions(refusal.Message), refusal);
        }
    }

    private static async Task<FarmClient> FindFarmAsync(Uri? url, CancellationToken cancellationToken) => url is not null
        ? new FarmClient(url)
        : await Terminal.Progress.Status().StartAsync("Looking for the farm …", status => FarmStarter.FindOrStartAsync(
            DataFolder.Open(), waitsFor => status.Status($"Starting the farm: {waitsFor.EscapeMarkup()} …"), cancellationToken));

    private static async Task<int> WaitAndSaveAsync(
        FarmClient farm, BatchResponse batch, DirectoryInfo folder, IReadOnlyList<string> options, bool watch, CancellationToken cancellationToken)
    {
        string FileOf(ImageResponse image) => Path.Combine(folder.FullName, PictureNames.Of(image, options));
        using (var previews = new LivePreviews(farm, FileOf))
        {
            batch = await WaitAsync(farm, batch, watch ? previews : null, cancellationToken);
        }

        int failed = 0;
        foreach (ImageResponse image in await farm.GetImagesAsync(batch, cancellationToken))
        {
            if (image.State == ImageState.Succeeded)
            {
                string file = FileOf(image);
                await PictureFiles.SaveAsync(file, await farm.GetContentAsync(image, cancellationToken), cancellationToken);
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

    private static async Task<BatchResponse> WaitAsync(FarmClient farm, BatchResponse batch, LivePreviews? previews, CancellationToken cancellationToken) =>
        await Terminal.Progress.Progress()
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
                    await (previews?.FetchAsync(batch, cancellationToken) ?? Task.CompletedTask);
                }

                return batch;
            });

    private static string Describe(BatchResponse batch) => $"{batch.Counts.Succeeded} of {batch.Counts.Total} pictures";
}
