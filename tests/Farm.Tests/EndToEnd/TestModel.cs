namespace StableDiffusion.Farm.Tests.EndToEnd;

/// <summary>The model that the end-to-end tests draw with: the starter model, or the tiny one of the reference numbers while there is none.</summary>
internal static class TestModel
{
    private static readonly string Starter = Path.Combine(Checkout.Root, "models", "starter");

    public static string Folder { get; } = Directory.Exists(Starter) ? Starter : Path.Combine(Checkout.Root, "tests", "goldens", "models", "tiny-sd15");

    public static string Name { get; } = Path.GetFileName(Folder);
}
