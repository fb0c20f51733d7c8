using System.CommandLine;
using Spectre.Console;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Farm.Client;
using StableDiffusion.Farm.Embedded;

namespace StableDiffusion.Farm.Commands;

/// <summary><c>./farm status</c>. Exit code 1 when no farm runs, or one that is not well.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var command = new Command("status", "Shows the farm and its models.") { FarmOption.Url };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(FarmOption.Url), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Uri? url, CancellationToken cancellationToken)
    {
        if (url is null)
        {
            DataFolder data = DataFolder.Open();
            FarmRecord? record = FarmRecord.Find(data);
            if (record?.Url is null)
            {
                Console.WriteLine(record is null ? "No farm runs." : $"A farm is starting or ending (process {record.Pid}).");
                return 1;
            }

            url = record.Url;
            Console.WriteLine($"process {record.Pid}, since {record.StartedAt.ToLocalTime():g}, data in {data.Path}");
        }

        using var farm = new FarmClient(url);
        bool healthy = await farm.IsHealthyAsync(cancellationToken);
        Console.WriteLine($"{url} is {(healthy ? "well" : "not well: see /health")}");
        Table table = new Table().AddColumns("model", "size", "sampler", "hash");
        foreach (ModelDescription model in await farm.GetModelsAsync(cancellationToken))
        {
            table.AddRow(model.Name.EscapeMarkup(), $"{model.DefaultSize}×{model.DefaultSize}", model.DefaultSampler.EscapeMarkup(), model.Hash[..12]);
        }

        Terminal.Results.Write(table);
        return healthy ? 0 : 1;
    }
}
