using System.Globalization;

namespace StableDiffusion.Farm.Embedded;

/// <summary>Finds PostgreSQL's server programs, which distributions keep off the PATH.</summary>
internal static class PostgresPrograms
{
    private const string Installed = "/usr/lib/postgresql";

    /// <summary>The folder of initdb, pg_ctl and postgres, of the version that made <paramref name="cluster"/> or else the newest.</summary>
    public static string Find(string cluster)
    {
        string versionFile = Path.Combine(cluster, "PG_VERSION");
        string? version = File.Exists(versionFile) ? File.ReadAllText(versionFile).Trim() : null;
        IEnumerable<string> folders = (Directory.Exists(Installed) ? Directory.GetDirectories(Installed) : [])
            .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int major) ? major : 0)
            .Where(folder => version is null || Path.GetFileName(folder) == version)
            .Select(folder => Path.Combine(folder, "bin"))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'));
        return folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            ?? throw new FarmException(version is null
                ? "PostgreSQL is not installed; on Debian and Ubuntu: apt-get install postgresql"
                : $"the farm's database was made by PostgreSQL {version}, which is not installed; on Debian and Ubuntu: apt-get install postgresql-{version}");
    }
}
