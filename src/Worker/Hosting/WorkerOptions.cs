using Microsoft.Extensions.Options;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Hosting;

/// <summary>Settings <c>Worker</c>.</summary>
public sealed class WorkerOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Worker";

    /// <summary>Unique among live workers; chosen anew at each start when not set.</summary>
    public string Id { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}-{Random.Shared.Next(0x10000):x4}";

    /// <summary>Folders that hold model folders, joined like PATH: "/models:/more". A model folder itself will do, too.</summary>
    public string Models { get; set; } = "";

    /// <summary>What checkpoints in one file cannot say of themselves, by the model's name.</summary>
    public Dictionary<string, SingleFileSetting> SingleFiles { get; } = new(StringComparer.OrdinalIgnoreCase); // as names of settings are

    /// <summary>"cpu", "cuda", "cuda:N", or "auto": the first GPU where there is one.</summary>
    public string Device { get; set; } = "auto";

    /// <summary>"float32", "float16", "bfloat16", or "auto": float16 on a GPU, float32 on a CPU.</summary>
    public string Dtype { get; set; } = "auto";

    /// <summary>Threads of a CPU operation; 0 for every core.</summary>
    public int Threads { get; set; }

    /// <summary>Pictures that share one call of the networks, 1 … 8, where a request names no number and has so many. More is faster on a
    /// GPU, and takes more of its memory.</summary>
    public int BatchClass { get; set; } = 1;

    /// <summary>How the diffusion library spends memory, see <see cref="MemoryOptions"/>; pictures may depend on it.</summary>
    public MemoryOptions Memory { get; set; } = new();

    /// <summary>MiB of main memory for the weights that LoRAs have changed, kept while these stay merged for the next group; 4096 by
    /// default. LoRAs beyond it are taken out after each group: slower, and the pictures are the same.</summary>
    public int LoraMemory { get; set; } = 4096;

    /// <summary>MiB of main memory for models that were dropped from a GPU, which are back in a moment from there; 0 for none. Unset: half of what the process may
    /// have. In any case a tenth of main memory is left free. Without meaning on a CPU, and where <see cref="MemoryOptions.OffloadModels"/> keeps all of them there.</summary>
    public int? ModelMemory { get; set; }

    /// <summary>Most models that it holds at once; 0, the default, for as many as its device has memory for. Others are loaded when the
    /// coordinator asks for them, in place of the one that was used longest ago.</summary>
    public int MaxModels { get; set; }

    /// <summary>Most images that it is sent in one command, 1 … 512. More than its networks draw in one call only saves messages.</summary>
    public int GroupSize { get; set; } = 4;

    /// <summary>Groups claimed and not drawn yet: one is being drawn, the others wait with all they need. 1 … 16.</summary>
    public int Prefetch { get; set; } = 2;

    /// <summary>Pictures of a group that are encoded and stored at once, 1 … 64.</summary>
    public int Uploads { get; set; } = 8;

    /// <summary>How long a report of images waits for others to leave with, while their group goes on.</summary>
    public TimeSpan ReportDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Time between two heartbeats, ±10 %.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>A file that is written at each heartbeat, for a probe that ends a process whose heart has stopped. Empty: none.</summary>
    public string AliveFile { get; set; } = "";

    /// <summary>How long the device may be at one step, or at loading one model, before it is taken to hang and the process ends. Zero: for ever.</summary>
    public TimeSpan StuckAfter { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Shortest time between two progress reports of an image.</summary>
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary><see cref="Models"/> taken apart.</summary>
    internal string[] ModelFolders => Models.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>Says which setting is wrong, and what belongs there.</summary>
internal sealed class WorkerOptionsValidator : IValidateOptions<WorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        var faults = Faults(options).ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Faults(WorkerOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Id))
        {
            yield return "Worker:Id is empty; leave it out or give each worker a name of its own.";
        }
        if (options.ModelFolders.Length == 0)
        {
            yield return "Worker:Models is missing: name the folder that holds the model folders.";
        }
        foreach (var folder in options.ModelFolders.Where(folder => !Directory.Exists(folder)))
        {
            yield return $"Worker:Models names \"{folder}\", which is no folder.";
        }
        foreach (var fault in SingleFileFaults(options))
        {
            yield return fault;
        }
        if (options.Device is not ("auto" or "cpu" or "cuda") && !(options.Device.StartsWith("cuda:", StringComparison.Ordinal) && byte.TryParse(options.Device.AsSpan(5), out _)))
        {
            yield return $"Worker:Device is \"{options.Device}\"; it must be auto, cpu, cuda or cuda:N.";
        }
        if (options.Dtype is not ("auto" or "float32" or "float16" or "bfloat16"))
        {
            yield return $"Worker:Dtype is \"{options.Dtype}\"; it must be auto, float32, float16 or bfloat16.";
        }
        if (options.Threads is < 0 or > 1024)
        {
            yield return $"Worker:Threads is {options.Threads}; it must be 0 (every core) to 1024.";
        }
        if (options.BatchClass is < 1 or > 8)
        {
            yield return $"Worker:BatchClass is {options.BatchClass}; it must be 1 to 8.";
        }
        if (options.Memory.VaeTilingAbove < 0)
        {
            yield return $"Worker:Memory:VaeTilingAbove is {options.Memory.VaeTilingAbove}; it must be a number of pixels, 0 or more.";
        }
        if (options.Memory.VaeTileSize < 64)
        {
            yield return $"Worker:Memory:VaeTileSize is {options.Memory.VaeTileSize}; it must be 64 pixels or more.";
        }
        if (options.LoraMemory < 0)
        {
            yield return $"Worker:LoraMemory is {options.LoraMemory}; it must be a number of MiB, 0 or more.";
        }
        if (options.ModelMemory < 0)
        {
            yield return $"Worker:ModelMemory is {options.ModelMemory}; it must be a number of MiB, 0 or more, or be left out for half of main memory.";
        }
        if (options.MaxModels < 0)
        {
            yield return $"Worker:MaxModels is {options.MaxModels}; it must be 0 (as many as fit) or more.";
        }
        if (options.GroupSize is < 1 or > 512)
        {
            yield return $"Worker:GroupSize is {options.GroupSize}; it must be 1 to 512.";
        }
        if (options.Uploads is < 1 or > 64)
        {
            yield return $"Worker:Uploads is {options.Uploads}; it must be 1 to 64.";
        }
        if (options.Prefetch is < 1 or > 16)
        {
            yield return $"Worker:Prefetch is {options.Prefetch}; it must be 1 to 16.";
        }
        if (options.HeartbeatInterval <= TimeSpan.Zero)
        {
            yield return $"Worker:HeartbeatInterval is {options.HeartbeatInterval}; it must be longer than zero.";
        }
        if (options.AliveFile.Length > 0 && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(options.AliveFile))))
        {
            yield return $"Worker:AliveFile is \"{options.AliveFile}\"; there is no such folder.";
        }
        if (options.ReportDelay < TimeSpan.Zero)
        {
            yield return $"Worker:ReportDelay is {options.ReportDelay}; it cannot be negative.";
        }
        if (options.StuckAfter < TimeSpan.Zero)
        {
            yield return $"Worker:StuckAfter is {options.StuckAfter}; it must be zero (never) or longer.";
        }
        if (options.ProgressInterval < TimeSpan.Zero)
        {
            yield return $"Worker:ProgressInterval is {options.ProgressInterval}; it cannot be negative.";
        }
    }

    private static IEnumerable<string> SingleFileFaults(WorkerOptions options)
    {
        if (options.SingleFiles.Count == 0)
        {
            yield break;
        }
        var files = ModelFolder.Find(options.ModelFolders.Where(Directory.Exists)).Where(model => model.IsFile).Select(model => model.Name)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, setting) in options.SingleFiles)
        {
            foreach (var fault in setting.Faults())
            {
                yield return $"Worker:SingleFiles:{name}:{fault}";
            }
            if (!files.Contains(name))
            {
                yield return $"Worker:SingleFiles:{name} is of no model: no folder of Worker:Models has a {name}.safetensors.";
            }
            else if (setting is { PredictionType: null, UseEma: null })
            {
                yield return $"Worker:SingleFiles:{name} has neither PredictionType nor UseEma, which are all that can be set.";
            }
        }
    }
}
