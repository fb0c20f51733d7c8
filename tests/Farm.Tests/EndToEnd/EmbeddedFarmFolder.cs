using System.Text.Json;
using StableDiffusion.Farm.Client;
using StableDiffusion.Farm.Embedded;
using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Tests.EndToEnd;

/// <summary>A data folder, and the program on it as a user calls it. Whatever still runs on it ends with the test.</summary>
internal sealed class EmbeddedFarmFolder : IAsyncDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("farm-data-").FullName;

    private EmbeddedFarmFolder() => Environment = new()
    {
        ["FARM_DATA"] = Data,
        ["FARM_MODELS"] = TestModel.Folder,
        ["Worker__Device"] = "cpu",
        ["Worker__Threads"] = "1", // tests share the cores
    };

    /// <summary>What the program is told.</summary>
    public Dictionary<string, string> Environment { get; }

    /// <summary>The data folder.</summary>
    public string Data => Path.Combine(root, "data");

    public static async Task<EmbeddedFarmFolder> CreateAsync(CancellationToken cancellationToken)
    {
        var folder = new EmbeddedFarmFolder();
        await ServerProcess.RunAsync("chmod", ["755", folder.root], cancellationToken: cancellationToken); // PostgreSQL's account goes through it
        return folder;
    }

    /// <summary>A folder for what the test makes.</summary>
    public string Sub(string name) => Path.Combine(root, name);

    /// <summary>Runs one command of the program to its end and gives what it printed.</summary>
    public Task<string> RunAsync(CancellationToken cancellationToken, params string[] arguments) =>
        FarmProcess.RunAsync("Farm", Environment, arguments, cancellationToken);

    /// <summary>Starts <c>up</c>; the farm is well when this returns.</summary>
    public async Task<FarmProcess> UpAsync(CancellationToken cancellationToken)
    {
        FarmProcess up = FarmProcess.Start(root, "Farm", Environment, "up", "--port", $"{ServerProcess.FreePort()}");
        await up.WaitAsync(
            async () =>
            {
                if (ReadRecord()?.Url is not { } url)
                {
                    return false;
                }

                using var client = new FarmClient(url);
                return await client.IsHealthyAsync(cancellationToken) && (await client.GetModelsAsync(cancellationToken)).Count > 0;
            },
            cancellationToken);
        return up;
    }

    /// <summary>What the farm recorded of itself; null when there is no record.</summary>
    public FarmRecord? ReadRecord()
    {
        string file = Path.Combine(Data, "farm.json");
        return File.Exists(file) ? JsonSerializer.Deserialize<FarmRecord>(File.ReadAllBytes(file)) : null;
    }

    /// <summary>Command lines of processes that name the folder.</summary>
    public IReadOnlyList<string> Processes() =>
        [.. Directory.GetDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)).Select(CommandLine).Where(line => line.Contains(root, StringComparison.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        await RunAsync(CancellationToken.None, "down");
        Directory.Delete(root, recursive: true);
    }

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return ""; // it has ended meanwhile
        }
    }
}
