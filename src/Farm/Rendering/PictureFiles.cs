using System.CommandLine;

namespace StableDiffusion.Farm.Rendering;

/// <summary>Pictures on disk: those that options name, as a request carries them, and those that were drawn.</summary>
internal static class PictureFiles
{
    /// <summary>An option's file in base64; null when the option was not given.</summary>
    public static string? Read(Option<FileInfo?> option, ParseResult parsed) =>
        parsed.GetValue(option) is { } file ? Read(option.Name, file.FullName) : null;

    /// <summary>Replaces a file whole: whoever looks sees the old picture or the new one. Its folder is made for the first one, so that what
    /// is refused, or given up, leaves none.</summary>
    public static async Task SaveAsync(string file, byte[] png, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        string temporary = $"{file}.{Environment.ProcessId}.part";
        await File.WriteAllBytesAsync(temporary, png, cancellationToken);
        File.Move(temporary, file, overwrite: true);
    }

    /// <summary>A file in base64.</summary>
    /// <exception cref="FarmException">It cannot be read.</exception>
    public static string Read(string option, string path)
    {
        try
        {
            return Convert.ToBase64String(File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string reason = error is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : Directory.Exists(path) ? "it is a folder" : error.Message;
            throw new FarmException($"{option}: {path} cannot be read: {reason}", error);
        }
    }
}
