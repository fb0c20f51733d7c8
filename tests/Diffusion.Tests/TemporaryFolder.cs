namespace StableDiffusion.Diffusion.Tests;

/// <summary>A folder of a test's own, gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("diffusion-tests-").FullName;

    public string File(string name) => Path.Combine(Root, name);

    /// <summary>Copies a folder with all that is in it and returns the copy's path.</summary>
    public string CopyOf(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(Root, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            System.IO.File.Copy(file, copy);
            System.IO.File.SetAttributes(copy, FileAttributes.Normal);
        }

        return Root;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
