using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace StableDiffusion.Farm.Servers;

/// <summary>What starting servers takes: daemons that are killed with their owner, commands that must succeed, free ports.</summary>
public sealed class ServerProcess : IDisposable
{
    private readonly Process process;
    private readonly string logFile;

    private ServerProcess(Process process, string logFile)
    {
        this.process = process;
        this.logFile = logFile;
    }

    /// <summary>Starts a program that stays in the foreground; what it prints goes to <paramref name="logFile"/>.</summary>
    public static ServerProcess Start(string logFile, string program, string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var process = new Process { StartInfo = StartInfo(program, arguments, environment) };
        process.Start();
        _ = CopyAsync(process.StandardOutput, logFile + ".out");
        _ = CopyAsync(process.StandardError, logFile + ".err");
        return new ServerProcess(process, logFile);
    }

    /// <summary>Number of the daemon's process.</summary>
    public int Id => process.Id;

    /// <summary>Runs a command to its end and gives what it printed; another exit code than 0 is an error that holds the output.</summary>
    public static async Task<string> RunAsync(
        string program, string[] arguments, IReadOnlyDictionary<string, string>? environment = null, CancellationToken cancellationToken = default)
    {
        using var process = Process.Start(StartInfo(program, arguments, environment))!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await errors}");
    }

    /// <summary>Waits until <paramref name="ready"/> says true; the daemon's end, or no success within a minute or the time given, is an error with its log.</summary>
    public async Task WaitAsync(Func<Task<bool>> ready, CancellationToken cancellationToken, TimeSpan? within = null)
    {
        for (var start = Stopwatch.StartNew(); !await ready(); await Task.Delay(50, cancellationToken))
        {
            if (process.HasExited || start.Elapsed > (within ?? TimeSpan.FromMinutes(1)))
            {
                throw new InvalidOperationException($"{process.StartInfo.FileName} did not do what it was waited for: {ReadLog(".out")}{ReadLog(".err")}");
            }
        }
    }

    /// <summary>A TCP port of loopback that nobody listened on a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The program's path, or an error that says which packages hold it.</summary>
    public static string Find(string program, string packages, params string[] folders) =>
        folders.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')).Concat(["/usr/sbin", "/usr/local/sbin"])
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException($"{program} is needed: apt-get install -y --no-install-recommends {packages}");

    /// <summary>Freezes the daemon (SIGSTOP), until <see cref="ResumeAsync"/>.</summary>
    public Task FreezeAsync(CancellationToken cancellationToken) => SignalAsync("STOP", cancellationToken);

    /// <summary>Lets a frozen daemon go on (SIGCONT).</summary>
    public Task ResumeAsync(CancellationToken cancellationToken) => SignalAsync("CONT", cancellationToken);

    /// <summary>Asks the daemon to end (SIGTERM), and waits until it has.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await SignalAsync("TERM", cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Deletes a daemon's folder. What the daemon started may outlive it for a moment, and write there meanwhile.</summary>
    public static async ValueTask DeleteFolderAsync(string folder)
    {
        for (var start = Stopwatch.StartNew(); Directory.Exists(folder); await Task.Delay(50))
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException) when (start.Elapsed < TimeSpan.FromSeconds(30))
            {
                // once more
            }
        }
    }

    /// <summary>Kills the daemon (SIGKILL) and what it started, and waits until it is gone.</summary>
    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }
        process.WaitForExit();
        process.Dispose();
    }

    private Task<string> SignalAsync(string signal, CancellationToken cancellationToken) =>
        RunAsync("sh", ["-c", "kill -s \"$0\" \"$1\"", signal, $"{process.Id}"], cancellationToken: cancellationToken);

    private static ProcessStartInfo StartInfo(string program, string[] arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        return start;
    }

    private static async Task CopyAsync(StreamReader from, string file)
    {
        await using var to = new StreamWriter(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        while (await from.ReadLineAsync() is { } line)
        {
            await to.WriteLineAsync(line);
        }
    }

    private string ReadLog(string kind)
    {
        using var reader = new StreamReader(new FileStream(logFile + kind, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }
}
