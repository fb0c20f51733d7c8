using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Tests.EndToEnd;

/// <summary>One of the product's programs as a process of its own, killed with its test.</summary>
internal sealed class FarmProcess : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5); // two slow cores draw, and others use them, too
    private readonly ServerProcess process;

    private FarmProcess(ServerProcess process) => this.process = process;

    /// <summary>Starts src/<paramref name="project"/> as it was built with these tests; what it prints goes to files in <paramref name="logs"/>.</summary>
    public static FarmProcess Start(string logs, string project, IReadOnlyDictionary<string, string> settings, params string[] arguments)
    {
        string log = Path.Combine(logs, $"{project}-{Guid.NewGuid():N}");
        return new FarmProcess(ServerProcess.Start(log, "dotnet", [Program(project), .. arguments], settings));
    }

    /// <summary>Runs it to its end and gives what it printed; another exit code than 0 is an error with its output.</summary>
    public static Task<string> RunAsync(
        string project, IReadOnlyDictionary<string, string> settings, string[] arguments, CancellationToken cancellationToken) =>
        ServerProcess.RunAsync("dotnet", [Program(project), .. arguments], settings, cancellationToken);

    /// <summary>Waits until it does what it was started for; its end before that is an error with its log.</summary>
    public Task WaitAsync(Func<Task<bool>> ready, CancellationToken cancellationToken) => process.WaitAsync(ready, cancellationToken, LongestWait);

    /// <summary>SIGKILL: it has no time to tidy up.</summary>
    public void Dispose() => process.Dispose();

    private static string Program(string project)
    {
        // tests/Farm.Tests/bin/CONFIGURATION/FRAMEWORK/
        string[] folders = AppContext.BaseDirectory.TrimEnd('/').Split('/');
        string file = Path.Combine(Checkout.Root, "src", project, "bin", folders[^2], folders[^1], project + ".dll");
        return File.Exists(file) ? file : throw new InvalidOperationException($"{file} is missing; build the solution first.");
    }
}
