using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Tests.Models;

public sealed class ModelFolderTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("models-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Subfolders_with_an_index_are_models_named_after_the_folder()
    {
        Make("a/sd15", "a/tiny", "b/other");
        Directory.CreateDirectory(Path.Combine(root, "a/no-model"));

        var found = ModelFolder.Find([Path.Combine(root, "a"), Path.Combine(root, "b")]);

        Assert.Equal(["other", "sd15", "tiny"], found.Select(model => model.Name));
        Assert.Equal(Path.Combine(root, "a/sd15"), found[1].Path);
    }

    [Fact]
    public void Model_folder_itself_may_be_named()
    {
        Make("sd15");

        Assert.Equal("sd15", Assert.Single(ModelFolder.Find([Path.Combine(root, "sd15") + "/"])).Name);
    }

    [Fact]
    public void Of_two_with_one_name_the_first_folder_wins()
    {
        Make("z/sd15", "a/sd15");

        Assert.Equal(Path.Combine(root, "z/sd15"), Assert.Single(ModelFolder.Find([Path.Combine(root, "z"), Path.Combine(root, "a")])).Path);
    }

    [Fact]
    public void Single_files_are_models_too_and_a_folder_of_the_same_name_is_their_configuration()
    {
        Make("a/dream");
        Directory.CreateDirectory(Path.Combine(root, "a/Stable-diffusion"));
        foreach (var file in new[] { "a/dream.safetensors", "a/dream.vae.safetensors", "a/dream.ckpt", "a/Stable-diffusion/xl.safetensors" })
        {
            File.WriteAllText(Path.Combine(root, file), "");
        }

        var found = ModelFolder.Find([Path.Combine(root, "a")]);

        Assert.Equal(
            [("dream", Path.Combine(root, "a/dream.safetensors")), ("xl", Path.Combine(root, "a/Stable-diffusion/xl.safetensors"))],
            found.Select(model => (model.Name, model.Path)));
    }

    [Fact]
    public void A_pickle_is_found_so_that_its_refusal_can_be_told()
    {
        Directory.CreateDirectory(root);
        File.WriteAllText(Path.Combine(root, "old.ckpt"), "");

        Assert.EndsWith("old.ckpt", Assert.Single(ModelFolder.Find([root])).Path, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sd-1.5_v2", true)]
    [InlineData("my model", false)]
    [InlineData("größe", false)]
    public void Name_must_do_for_a_queue(string name, bool right) =>
        Assert.Equal(right, new ModelFolder(name, "/x/" + name).NameFault is null);

    private void Make(params string[] folders)
    {
        foreach (var folder in folders)
        {
            Directory.CreateDirectory(Path.Combine(root, folder));
            File.WriteAllText(Path.Combine(root, folder, "model_index.json"), "{}");
        }
    }
}
