using StableDiffusion.Contracts.Batches;
using StableDiffusion.Farm.Client;

namespace StableDiffusion.Farm.Tests.EndToEnd;

public sealed class EmbeddedFarmTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_farm_that_was_killed_finishes_its_work_on_the_database_it_left_running()
    {
        await using EmbeddedFarmFolder folder = await EmbeddedFarmFolder.CreateAsync(Cancelled);
        BatchResponse batch;
        using (FarmProcess killed = await folder.UpAsync(Cancelled))
        {
            using var client = new FarmClient(folder.ReadRecord()!.Url!);
            batch = await client.SubmitAsync(new BatchRequest { Prompt = "a green square", Seed = 1, NIter = 12, Steps = 10, SamplerName = "Euler" }, Cancelled);
            await killed.WaitAsync(async () => (await client.GetBatchAsync(batch, Cancelled)).Counts.Succeeded > 0, Cancelled);
        }

        Assert.NotEmpty(folder.Processes());
        using FarmProcess next = await folder.UpAsync(Cancelled);
        using var farm = new FarmClient(folder.ReadRecord()!.Url!);
        await next.WaitAsync(async () => (batch = await farm.GetBatchAsync(batch, Cancelled)).FinishedAt is not null, Cancelled);

        Assert.Equal(12, batch.Counts.Succeeded);
    }

    [Fact]
    public async Task Render_starts_a_farm_gives_the_same_files_twice_and_down_leaves_nothing_running()
    {
        await using EmbeddedFarmFolder folder = await EmbeddedFarmFolder.CreateAsync(Cancelled);
        string[] files = ["42-a-red-circle-steps-4.png", "43-a-red-circle-steps-4.png"];

        string first = await RenderAsync(folder, "first");
        Assert.Contains(folder.ReadRecord()!.Url!.ToString(), first, StringComparison.Ordinal);
        string second = await RenderAsync(folder, "second");

        Assert.NotEqual(first, second); // another batch, the same pictures
        foreach (string name in new[] { "first", "second" })
        {
            Assert.Equal(files, Directory.GetFiles(folder.Sub(name)).Select(Path.GetFileName).Order());
        }

        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(folder.Sub("first"), file)), File.ReadAllBytes(Path.Combine(folder.Sub("second"), file))));
        Assert.NotEqual(File.ReadAllBytes(Path.Combine(folder.Sub("first"), files[0])), File.ReadAllBytes(Path.Combine(folder.Sub("first"), files[1])));

        Assert.Equal("The farm has ended.", (await folder.RunAsync(Cancelled, "down")).Trim());
        Assert.Empty(folder.Processes());
        Assert.Null(folder.ReadRecord());
        Assert.Equal("No farm runs.", (await folder.RunAsync(Cancelled, "down")).Trim());
    }

    [Fact]
    public async Task A_refused_request_is_one_line_that_names_the_option()
    {
        await using EmbeddedFarmFolder folder = await EmbeddedFarmFolder.CreateAsync(Cancelled);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => folder.RunAsync(Cancelled, "render", "a red circle", "--steps", "0", "--out", folder.Sub("none")));

        Assert.Contains("ended with 1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("farm: --steps: ", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Sub("none")));
    }

    [Fact]
    public async Task Two_commands_that_find_no_farm_share_one()
    {
        await using EmbeddedFarmFolder folder = await EmbeddedFarmFolder.CreateAsync(Cancelled);

        await Task.WhenAll(RenderAsync(folder, "first"), RenderAsync(folder, "second"));

        Assert.Equal(2, Directory.GetFiles(folder.Sub("first")).Length);
        Assert.Equal(2, Directory.GetFiles(folder.Sub("second")).Length);
    }

    [Fact]
    public async Task A_setting_that_cannot_be_read_is_told_by_the_command_that_starts_the_farm()
    {
        await using EmbeddedFarmFolder folder = await EmbeddedFarmFolder.CreateAsync(Cancelled);
        folder.Environment["Worker__Threads"] = "many";

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => RenderAsync(folder, "none"));

        Assert.Contains("farm: Failed to convert configuration value 'many' at 'Worker:Threads'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_is_told_with_the_reason_and_not_waited_for()
    {
        await using EmbeddedFarmFolder folder = await EmbeddedFarmFolder.CreateAsync(Cancelled);
        string weights = Path.Combine("unet", "diffusion_pytorch_model.safetensors"), cut = folder.Sub("models/cut");
        foreach (string file in Directory.GetFiles(TestModel.Folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(TestModel.Folder, file)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(cut, file))!);
            File.Copy(Path.Combine(TestModel.Folder, file), Path.Combine(cut, file));
        }

        using (FileStream file = File.OpenWrite(Path.Combine(cut, weights)))
        {
            file.SetLength(file.Length - 1000);
        }

        folder.Environment["FARM_MODELS"] = folder.Sub("models");
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => folder.RunAsync(Cancelled, "render", "a red circle", "--out", folder.Sub("none")));

        Assert.Contains($"cut: {Path.Combine(cut, weights)}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("truncated", error.Message, StringComparison.Ordinal);
    }

    private static Task<string> RenderAsync(EmbeddedFarmFolder folder, string name) => folder.RunAsync(
        Cancelled, "render", "a red circle", "--seed", "42", "--count", "2", "--steps", "4", "--out", folder.Sub(name));
}
