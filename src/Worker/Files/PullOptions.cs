using Microsoft.Extensions.Options;

namespace StableDiffusion.Worker.Files;

/// <summary>What a worker takes from the farm's store, and where it keeps it; of the settings <c>Worker</c>.</summary>
public sealed class PullOptions
{
    /// <summary>"all": adapters as they are registered, and checkpoints when the worker is told to load them; "adapters": checkpoints only where
    /// <see cref="Checkpoints"/> names them; "none".</summary>
    public string Pull { get; set; } = "all";

    /// <summary>Names of registered checkpoints that are pulled and loaded at start, with commas between.</summary>
    public string Checkpoints { get; set; } = "";

    /// <summary>The folder for what is pulled, made when something is. Workers of one machine may share it.</summary>
    public string Cache { get; set; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData) is { Length: > 0 } home ? home : Path.GetTempPath(), "stable-diffusion-farm", "cache");

    /// <summary>Most bytes in it; what was not used for longest makes room. 107,374,182,400 (100 GiB) by default.</summary>
    public long CacheBytes { get; set; } = 100L << 30;

    /// <summary>How often the farm's index of files is looked at.</summary>
    public TimeSpan IndexInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary><see cref="Checkpoints"/> taken apart.</summary>
    internal string[] CheckpointNames => Checkpoints.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Whether the worker may take this checkpoint.</summary>
    internal bool MayPull(string checkpoint) => Pull == "all" || (Pull == "adapters" && CheckpointNames.Contains(checkpoint));
}

/// <summary>Says which setting is wrong, and what belongs there.</summary>
internal sealed class PullOptionsValidator : IValidateOptions<PullOptions>
{
    public ValidateOptionsResult Validate(string? name, PullOptions options)
    {
        List<string> faults = [];
        if (options.Pull is not ("all" or "adapters" or "none"))
        {
            faults.Add($"Worker:Pull is \"{options.Pull}\"; it must be all, adapters or none.");
        }

        if (options.Pull == "none" && options.CheckpointNames.Length > 0)
        {
            faults.Add("Worker:Checkpoints names what is to be pulled, and Worker:Pull is \"none\"; it must be all or adapters.");
        }

        if (string.IsNullOrWhiteSpace(options.Cache))
        {
            faults.Add("Worker:Cache is empty; name a folder, or leave it out.");
        }

        if (options.CacheBytes < 1)
        {
            faults.Add($"Worker:CacheBytes is {options.CacheBytes}; it must be a number of bytes, 1 or more.");
        }

        if (options.IndexInterval <= TimeSpan.Zero)
        {
            faults.Add($"Worker:IndexInterval is {options.IndexInterval}; it must be longer than zero.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
