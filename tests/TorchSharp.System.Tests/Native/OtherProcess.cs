using System.Diagnostics;

namespace TorchSharp.Tests.Native;

/// <summary>Runs an explicit test in a process of its own: one that ends the process, or that wants another environment.</summary>
internal static class OtherProcess
{
    /// <summary>The process's exit code, 0 when the test passed, and what it printed.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync<TTests>(string test, params (string Name, string Value)[] environment)
    {
        string[] program = Path.GetFileName(Environment.ProcessPath) == "dotnet" ? [typeof(TTests).Assembly.Location] : [];
        var start = new ProcessStartInfo(Environment.ProcessPath!, [.. program, "-explicit", "only", "-method", $"{typeof(TTests).FullName}.{test}"])
        {
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output);
    }
}
