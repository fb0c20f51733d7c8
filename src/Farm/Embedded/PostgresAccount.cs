using System.Diagnostics;

namespace StableDiffusion.Farm.Embedded;

/// <summary>Runs PostgreSQL's programs, which refuse root: a user runs them as itself, root as the account that owns the cluster.</summary>
internal sealed class PostgresAccount
{
    private readonly string? user;
    private readonly string? group;

    private PostgresAccount(string? user, string? group) => (this.user, this.group) = (user, group);

    /// <summary>This user, when it is not root.</summary>
    public static PostgresAccount Self { get; } = new(null, null);

    /// <summary>The account that PostgreSQL's package made.</summary>
    public static PostgresAccount Packaged { get; } = new("postgres", "postgres");

    /// <summary>The owner of a cluster that is there already.</summary>
    public static async Task<PostgresAccount> OwnerOfAsync(string folder, CancellationToken cancellationToken)
    {
        (_, string ids) = await RunPlainAsync(["stat", "-c", "%u %g", folder], cancellationToken);
        return ids.Split() is [var user, var group, ..] ? new PostgresAccount(user, group) : Packaged;
    }

    /// <summary>Makes a folder that the account owns and no other can enter.</summary>
    public async Task MakeFolderAsync(string folder, CancellationToken cancellationToken)
    {
        string[] owner = user is null ? [] : ["-o", user, "-g", group!];
        (int code, string output) = await RunPlainAsync(["install", "-d", "-m", "700", .. owner, folder], cancellationToken);
        if (code != 0)
        {
            throw new FarmException($"PostgreSQL's folder cannot be made: {output.Trim()}");
        }
    }

    /// <summary>Whether the account can work in a folder, which depends on all the folders above it.</summary>
    public async Task<bool> ReachesAsync(string folder, CancellationToken cancellationToken) =>
        (await RunAsync(["test", "-w", folder], cancellationToken)).Code == 0;

    /// <summary>Runs a command to its end: its exit code, and what it printed.</summary>
    public Task<(int Code, string Output)> RunAsync(string[] command, CancellationToken cancellationToken) =>
        RunPlainAsync(user is null ? command : ["setpriv", $"--reuid={user}", $"--regid={group}", "--clear-groups", "--", .. command], cancellationToken);

    private static async Task<(int Code, string Output)> RunPlainAsync(string[] command, CancellationToken cancellationToken)
    {
        // a file, not a pipe: the server that pg_ctl leaves behind would hold a pipe open
        string printed = Path.GetTempFileName();
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("sh", ["-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", printed, .. command])
            {
                WorkingDirectory = "/", // the account may not see where we are
            })!;
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, await File.ReadAllTextAsync(printed, cancellationToken));
        }
        finally
        {
            File.Delete(printed);
        }
    }
}
