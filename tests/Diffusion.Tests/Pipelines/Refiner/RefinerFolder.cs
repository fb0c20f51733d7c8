namespace StableDiffusion.Diffusion.Tests.Pipelines.Refiner;

/// <summary>A tiny refiner in diffusers' layout, and what diffusers 0.35 drew with it, laid out like tests/goldens. What is not its own is tiny-sdxl's.</summary>
internal sealed class RefinerFolder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public RefinerFolder()
    {
        foreach (string component in new[] { "text_encoder_2", "tokenizer_2", "vae", "scheduler" })
        {
            Link(Goldens.Path($"models/tiny-sdxl/{component}"), $"{Name}/{component}");
        }

        Link(Own("unet"), $"{Name}/unet");
        Link(Own("model_index.json"), $"{Name}/model_index.json");
        Link(Goldens.Path("pipelines/inputs"), "pipelines/inputs");
        Link(Own("refiner.json"), "pipelines/refiner.json");
        Link(Own("refiner.safetensors"), "pipelines/refiner.safetensors");
    }

    /// <summary>The model's, in the folder.</summary>
    public const string Name = "models/tiny-sdxl-refiner";

    /// <summary>The whole of it.</summary>
    public string Root => folder.Root;

    /// <summary>The model's folder.</summary>
    public string Model => Path.Combine(Root, Name);

    /// <summary>A file of its own that is not in the folder.</summary>
    public static string Own(string name) => Path.Combine(AppContext.BaseDirectory, "Pipelines", "Refiner", name);

    public void Dispose() => folder.Dispose();

    private void Link(string path, string name)
    {
        string link = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        File.CreateSymbolicLink(link, path);
    }
}
