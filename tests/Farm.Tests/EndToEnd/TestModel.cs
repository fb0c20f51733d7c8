namespace StableDiffusion.Farm.Tests.EndToEnd;

/// <summary>The model that the end-to-end tests draw with.</summary>
internal static class TestModel
{
    public static string Folder { get; } = Path.Combine(Checkout.Root, "models", "starter");

    public static string Name { get; } = Path.GetFileName(Folder);
}
