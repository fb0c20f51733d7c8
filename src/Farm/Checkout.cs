namespace StableDiffusion.Farm;

/// <summary>The checkout that this program was built in.</summary>
public static class Checkout
{
    /// <summary>Its root: what <c>./farm</c> says in <c>FARM_ROOT</c>, else the nearest folder above that holds the solution.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        string? told = Environment.GetEnvironmentVariable("FARM_ROOT");
        if (!string.IsNullOrEmpty(told))
        {
            return told;
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "StableDiffusion.sln")))
            {
                return folder.FullName;
            }
        }

        return Directory.GetCurrentDirectory();
    }
}
