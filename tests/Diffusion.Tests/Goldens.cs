namespace StableDiffusion.Diffusion.Tests;

/// <summary>The folder of reference numbers, tests/goldens.</summary>
internal static class Goldens
{
    public static string Folder { get; } = Find();

    public static string Path(string relative) => System.IO.Path.Combine(Folder, relative);

    private static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string candidate = System.IO.Path.Combine(at.FullName, "goldens");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        throw new DirectoryNotFoundException($"No goldens folder above {AppContext.BaseDirectory}.");
    }
}
