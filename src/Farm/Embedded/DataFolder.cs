using System.Security.Cryptography;
using System.Text;

namespace StableDiffusion.Farm.Embedded;

/// <summary>Where an embedded farm keeps everything: <c>.farm</c> in the checkout, or what <c>FARM_DATA</c> names.</summary>
public sealed class DataFolder
{
    private DataFolder(string path, string models)
    {
        Path = System.IO.Path.GetFullPath(path);
        Models = System.IO.Path.GetFullPath(models);
    }

    /// <summary>The folder itself.</summary>
    public string Path { get; }

    /// <summary>Folder of model folders, <c>models</c> in the checkout unless <c>FARM_MODELS</c> names another.</summary>
    public string Models { get; }

    /// <summary>The pictures.</summary>
    public string Objects => Inside("objects");

    /// <summary>What the worker pulls from among the objects.</summary>
    public string Cache => Inside("cache");

    /// <summary>The private PostgreSQL's cluster, log and socket.</summary>
    public string Postgres => Inside("postgres");

    /// <summary>What a farm in the background prints.</summary>
    public string Log => Inside("farm.log");

    /// <summary>Who runs and where it listens, see <see cref="FarmRecord"/>.</summary>
    public string Record => Inside("farm.json");

    /// <summary>Locked while a farm lives, see <see cref="FarmLock"/>.</summary>
    public string Lock => Inside("farm.lock");

    /// <summary>Eight letters that tell data folders apart.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path)))[..8];

    /// <summary>The folder of this process's environment; it is made when missing.</summary>
    public static DataFolder Open()
    {
        string? path = Environment.GetEnvironmentVariable("FARM_DATA");
        string? models = Environment.GetEnvironmentVariable("FARM_MODELS");
        var folder = new DataFolder(
            string.IsNullOrEmpty(path) ? System.IO.Path.Combine(Checkout.Root, ".farm") : path,
            string.IsNullOrEmpty(models) ? System.IO.Path.Combine(Checkout.Root, "models") : models);
        try
        {
            Directory.CreateDirectory(folder.Path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FarmException($"the data folder cannot be made: {error.Message} Set FARM_DATA to a folder of your own.", error);
        }

        return folder;
    }

    /// <summary>A data folder of its own for a farm that is measured: it prints no more than warnings.</summary>
    public static DataFolder CreateTemporary(string models)
    {
        // not CreateTempSubdirectory, whose folders PostgreSQL's account cannot enter
        var folder = new DataFolder(System.IO.Path.Combine(System.IO.Path.GetTempPath(), "render-farm-" + System.IO.Path.GetRandomFileName()), models);
        Directory.CreateDirectory(folder.Path);
        File.WriteAllText(folder.Inside("appsettings.json"), """{ "Logging": { "LogLevel": { "Default": "Warning" } } }""");
        return folder;
    }

    /// <summary>Keeps the last farm's log beside an empty one. Not a new file: the shell that started this farm has opened it.</summary>
    public void RotateLog()
    {
        if (File.Exists(Log))
        {
            File.Copy(Log, Log + ".1", overwrite: true);
            new FileStream(Log, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite).Dispose();
        }
    }

    /// <summary>Removes a temporary one.</summary>
    public void Delete() => Directory.Delete(Path, recursive: true);

    private string Inside(string name) => System.IO.Path.Combine(Path, name);
}
