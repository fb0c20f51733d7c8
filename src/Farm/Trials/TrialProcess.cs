using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Trials;

/// <summary>A coordinator's or a worker's process, with a temporary folder of its own in which nothing may stay behind.</summary>
internal sealed class TrialProcess : IDisposable
{
    private readonly ServerProcess process;

    /// <summary>Starts one of the programs that lie beside this one.</summary>
    /// <param name="name">For its log and its temporary folder.</param>
    /// <param name="folder">Where these lie.</param>
    /// <param name="settings">Its environment.</param>
    /// <param name="program">"Coordinator", "Farm".</param>
    /// <param name="arguments">Its command line.</param>
    public TrialProcess(string name, string folder, IReadOnlyDictionary<string, string> settings, string program, params string[] arguments)
    {
        Name = name;
        Temporary = Directory.CreateDirectory(Path.Combine(folder, "temporary", name)).FullName;
        var logs = Directory.CreateDirectory(Path.Combine(folder, "logs")).FullName;
        process = ServerProcess.Start(
            Path.Combine(logs, name), "dotnet", [Path.Combine(AppContext.BaseDirectory, program + ".dll"), .. arguments],
            new Dictionary<string, string>(settings)
            {
                ["TMPDIR"] = Temporary,
                ["DOTNET_EnableDiagnostics"] = "0", // the runtime's own pipes would stay behind a kill
            });
    }

    /// <summary>Tells it from others.</summary>
    public string Name { get; }

    /// <summary>What it takes for the system's temporary folder.</summary>
    public string Temporary { get; }

    /// <summary>Number of the process.</summary>
    public int Id => process.Id;

    /// <summary>SIGSTOP, until <see cref="ResumeAsync"/>.</summary>
    public Task FreezeAsync(CancellationToken cancellationToken) => process.FreezeAsync(cancellationToken);

    /// <summary>SIGCONT.</summary>
    public Task ResumeAsync(CancellationToken cancellationToken) => process.ResumeAsync(cancellationToken);

    /// <summary>SIGTERM: it hands its work back and ends.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => process.StopAsync(cancellationToken);

    /// <summary>Waits until it does what it was started for; its end before that is an error with its log.</summary>
    public Task WaitAsync(Func<Task<bool>> ready, CancellationToken cancellationToken, TimeSpan? within = null) => process.WaitAsync(ready, cancellationToken, within);

    /// <summary>SIGKILL: it has no time to tidy up.</summary>
    public void Dispose() => process.Dispose();
}
