namespace StableDiffusion.Diffusion.Tests.Pipelines.Refiner;

/// <summary>A tiny refiner in diffusers' layout, and what diffusers 0.35 drew with it, laid out like tests/goldens. What is not its own is tiny-sdxl's.</summary>
internal sealed class RefinerFolder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public RefinerFolder()
    {
        string own = Path.Combine(AppContext.BaseDirectory, "Pipelines", "Refiner");
        foreach (string component in new[] { "text_encoder_2", "tokenizer_2", "vae", "scheduler" })
        {
            Link(Goldens.Path($"models/tiny-sdxl/{component}"), $"{Name}/{component}");
        }

        Link(Path.Combine(own, "unet"), $"{Name}/unet");
        Link(Path.Combine(own, "model_index.json"), $"{Name}/model_index.json");
        Link(Goldens.Path("pipelines/inputs"), "pipelines/inputs");
        Link(Path.Combine(own, "refiner.json"), "pipelines/refiner.json");
        Link(Path.Combine(own, "refiner.safetensors"), "pipelines/refiner.safetensors");
    }

    /// <summary>The model's, in the folder.</summary>
    public const string Name = "models/tiny-sdxl-refiner";

    /// <summary>The whole of it.</summary>
    public string Root => folder.Root;

    /// <summary>The model's folder.</summary>
    public string Model => Path.Combine(Root, Name);

    public void Dispose() => folder.Dispose();

    private void Link(string path, string name)
    {
        string link = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        File.CreateSymbolicLink(link, path);
    }
}
