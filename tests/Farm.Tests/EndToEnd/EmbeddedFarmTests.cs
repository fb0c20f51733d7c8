using StableDiffusion.Contracts.Batches;
using StableDiffusion.Diffusion.Pictures;
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
        Assert.False(Directory.Exists(folder.Sub("none")));
    }

    [Fact]
    public async Task Pictures_masks_and_a_second_pass_give_the_same_files_twice_and_what_is_unknown_is_refused()
    {
        await using EmbeddedFarmFolder folder = await EmbeddedFarmFolder.CreateAsync(Cancelled);
        await RenderAsync(folder, "first");
        string start = Path.Combine(folder.Sub("first"), "42-a-red-circle-steps-4.png"), mask = folder.Sub("mask.png");
        Picture circle = PngReader.Read(await File.ReadAllBytesAsync(start, Cancelled)).Picture;
        byte[] rightHalf = [.. Enumerable.Range(0, circle.Width * circle.Height).Select(pixel => pixel % circle.Width >= circle.Width / 2 ? byte.MaxValue : byte.MinValue)];
        await File.WriteAllBytesAsync(mask, PngWriter.Write(new Picture(circle.Width, circle.Height, 1, rightHalf)), Cancelled);

        string[] painted = ["--init", start, "--mask", mask, "--mask-blur", "0", "--strength", "0.8", "--sampler", "DPM++ 2M", "--schedule", "Karras"];
        PngFile again = await TwiceAsync(folder, "painted", painted);
        Assert.Contains("Sampler: DPM++ 2M, Schedule type: Karras", again.Text("parameters"), StringComparison.Ordinal);
        Assert.Contains("Denoising strength: 0.8", again.Text("parameters"), StringComparison.Ordinal);
        Assert.Contains("Mask blur: 0", again.Text("parameters"), StringComparison.Ordinal);
        for (int pixel = 0; pixel < rightHalf.Length; pixel++)
        {
            if (rightHalf[pixel] == 0)
            {
                Assert.Equal(circle.Pixels[(pixel * 3)..((pixel * 3) + 3)], again.Picture.Pixels[(pixel * 3)..((pixel * 3) + 3)]);
            }
        }

        Assert.NotEqual(circle.Pixels, again.Picture.Pixels);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(folder.Data, "objects", "objects", "inputs")).Length); // each once, however often it came

        PngFile large = await TwiceAsync(folder, "large", ["--hires", "1.5", "--hires-upscaler", "Latent (bicubic)", "--clip-skip", "2"]);
        Assert.Equal((circle.Width * 3 / 2, circle.Height * 3 / 2), (large.Picture.Width, large.Picture.Height));
        Assert.Contains("Hires upscale: 1.5", large.Text("parameters"), StringComparison.Ordinal);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => folder.RunAsync(Cancelled, "render", "a circle", "--lora", "gone", "--init", mask, "--mask", start, "--strength", "2", "--out", folder.Sub("none")));
        Assert.Contains("farm: --strength: 2 is out of range", error.Message, StringComparison.Ordinal);
        Assert.Contains("farm: --lora: The farm has no LoRA \"gone\" (none is known): upload it with PUT /v1/files/lora/NAME/content", error.Message, StringComparison.Ordinal);
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

    /// <summary>Renders the same with the same options into two folders; the one picture, which must be the same bytes in both.</summary>
    private static async Task<PngFile> TwiceAsync(EmbeddedFarmFolder folder, string name, string[] options)
    {
        List<byte[]> files = [];
        foreach (string time in new[] { "once", "twice" })
        {
            await folder.RunAsync(Cancelled, ["render", "a blue square", "--seed", "7", "--steps", "4", .. options, "--out", folder.Sub(name + time)]);
            files.Add(await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(folder.Sub(name + time))), Cancelled));
        }

        Assert.Equal(files[0], files[1]);
        return PngReader.Read(files[0]);
    }

    private static Task<string> RenderAsync(EmbeddedFarmFolder folder, string name) => folder.RunAsync(
        Cancelled, "render", "a red circle", "--seed", "42", "--count", "2", "--steps", "4", "--out", folder.Sub(name));
}
