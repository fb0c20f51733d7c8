using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Failures;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Tests.Fakes;
using static StableDiffusion.Worker.Tests.Fakes.RendererBench;

namespace StableDiffusion.Worker.Tests.Rendering;

/// <summary>LoRAs, embeddings, VAEs and ControlNets on the real network.</summary>
public sealed class RendererAdaptersTests : IDisposable
{
    private const string Kohya = "adapters/lora-kohya.safetensors", Peft = "adapters/lora-peft.safetensors";
    private readonly RendererBench bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task A_LoRA_changes_the_picture_by_its_weight_and_leaves_the_model_as_it_was()
    {
        var lora = await bench.HoldLoraAsync("ink", Kohya, 1);
        using var renderer = bench.Renderer(TinyModel);
        var settings = await LoadAsync(renderer);
        var plain = await PixelsAsync(renderer, settings);

        var strong = await PixelsAsync(renderer, settings with { Loras = [lora] });
        var none = await PixelsAsync(renderer, settings with { Loras = [lora with { Weight = 0 }] });
        var after = await PixelsAsync(renderer, settings);

        Assert.NotEqual(plain, strong);
        Assert.Equal(plain, none);
        Assert.Equal(plain, after);
    }

    [Fact]
    public async Task LoRAs_stay_merged_for_the_next_group_and_make_way_for_another_set()
    {
        var (ink, oil) = (await bench.HoldLoraAsync("ink", Kohya, 1), await bench.HoldLoraAsync("oil", Peft, 0.5));
        using var renderer = bench.Renderer(TinyModel);
        var settings = await LoadAsync(renderer);
        var (inked, oiled) = (settings with { Loras = [ink] }, settings with { Loras = [oil] });
        var first = await PixelsAsync(renderer, inked);

        File.Delete(bench.PathOf(AdapterKind.Lora, "ink.safetensors")); // from now on it cannot be merged again
        var second = await PixelsAsync(renderer, inked);
        var other = await PixelsAsync(renderer, oiled);

        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
        await Assert.ThrowsAsync<AdapterMissingException>(() => Draw(renderer, inked));
    }

    [Fact]
    public async Task LoRAs_of_several_models_stay_merged_at_once_as_long_as_there_is_memory_for_it()
    {
        var ink = await bench.HoldLoraAsync("ink", Kohya, 1);
        Directory.CreateSymbolicLink(Path.Combine(bench.Root, "other"), TinyModel);
        foreach (var (memory, stays) in new[] { (1024, true), (0, false) })
        {
            using var renderer = bench.Renderer($"{TinyModel}:{bench.Root}", loraMemory: memory);
            var one = await LoadAsync(renderer) with { Loras = [ink] };
            var other = one with { Model = "other" };
            var (first, second) = (await PixelsAsync(renderer, one), await PixelsAsync(renderer, other));
            var plain = await PixelsAsync(renderer, other with { Loras = null });
            await PixelsAsync(renderer, other);

            File.Move(bench.PathOf(AdapterKind.Lora, "ink.safetensors"), Path.Combine(bench.Root, "away"));
            Assert.Equal(first, second);
            Assert.NotEqual(first, plain);
            if (stays)
            {
                Assert.Equal(first, await PixelsAsync(renderer, one));
                Assert.Equal(first, await PixelsAsync(renderer, other));
            }
            else
            {
                await Assert.ThrowsAsync<AdapterMissingException>(() => Draw(renderer, one));
            }

            File.Move(Path.Combine(bench.Root, "away"), bench.PathOf(AdapterKind.Lora, "ink.safetensors"));
        }
    }

    [Fact]
    public async Task A_LoRA_that_another_worker_may_hold_is_no_reason_to_give_the_image_up()
    {
        using var renderer = bench.Renderer(TinyModel);
        var settings = await LoadAsync(renderer);

        var error = await Assert.ThrowsAsync<AdapterMissingException>(
            () => Draw(renderer, settings with { Loras = [new LoraSettings { Name = "ink", Hash = "0123456789abcdef", Weight = 1 }] }));

        Assert.True(Failure.From(error).Retryable);
        Assert.Single(await Draw(renderer, settings));
    }

    [Fact]
    public async Task An_adapter_that_is_written_over_is_missed_and_not_taken_for_what_it_was()
    {
        var lora = await bench.HoldLoraAsync("ink", Kohya, 1);
        using var renderer = bench.Renderer(TinyModel);
        var settings = await LoadAsync(renderer);

        File.Copy(Path.Combine(AppContext.BaseDirectory, Peft), bench.PathOf(AdapterKind.Lora, "ink.safetensors"), overwrite: true);

        await Assert.ThrowsAsync<AdapterMissingException>(() => Draw(renderer, settings with { Loras = [lora] }));
    }

    [Fact]
    public async Task An_embedding_is_a_word_of_its_own_by_its_files_name()
    {
        var strange = await bench.HoldAsync(AdapterKind.Embedding, "strange", "adapters/embedding-a1111.safetensors");
        var odd = await bench.HoldAsync(AdapterKind.Embedding, "odd", "adapters/embedding-a1111.safetensors");
        using var renderer = bench.Renderer(TinyModel);
        var settings = await LoadAsync(renderer) with { Prompt = "a photo of strange", PromptSyntax = PromptSyntax.A1111 };

        var without = await PixelsAsync(renderer, settings);
        var with = await PixelsAsync(renderer, settings with { Embeddings = [strange] });
        var byAnotherName = await PixelsAsync(renderer, settings with { Prompt = "a photo of odd", Embeddings = [odd] });

        Assert.NotEqual(without, with);
        Assert.Equal(with, byAnotherName);
    }

    [Fact]
    public async Task A_ControlNet_draws_what_its_picture_says_and_a_VAE_takes_the_place_of_the_models()
    {
        var canny = await bench.HoldAsync(AdapterKind.Controlnet, "canny", "tiny-controlnet");
        var own = await bench.HoldAsync(AdapterKind.Vae, "own", "tiny-sd15/vae");
        using var renderer = bench.Renderer(TinyModel);
        var settings = await LoadAsync(renderer);
        var unit = Unit(canny, settings);
        var plain = await PixelsAsync(renderer, settings);

        var controlled = await PixelsAsync(renderer, settings with { ControlNets = [unit] });
        var guessed = await PixelsAsync(renderer, settings with { ControlNets = [unit with { ControlMode = ControlModes.Control }] });
        var unheard = await PixelsAsync(renderer, settings with { ControlNets = [unit with { Weight = 0 }] });
        var sameVae = await PixelsAsync(renderer, settings with { Vae = own });

        Assert.NotEqual(plain, controlled);
        Assert.NotEqual(controlled, guessed);
        Assert.Equal(plain, unheard);
        Assert.Equal(plain, sameVae);
    }

    [Fact]
    public async Task What_does_not_fit_the_model_is_refused_for_good_by_the_requests_field_and_the_next_image_is_drawn()
    {
        var sdxlLora = await bench.HoldLoraAsync("xl", "adapters/lora-kohya-sdxl.safetensors", 1);
        var ink = await bench.HoldLoraAsync("ink", Kohya, 1);
        var sdxlWord = await bench.HoldAsync(AdapterKind.Embedding, "strange", "adapters/embedding-sdxl.safetensors");
        var noVae = await bench.HoldAsync(AdapterKind.Vae, "mse", Kohya);
        var sdxlControl = await bench.HoldAsync(AdapterKind.Controlnet, "canny", "tiny-controlnet-xl");
        using var renderer = bench.Renderer(TinyModel);
        var settings = await LoadAsync(renderer);
        var plain = await PixelsAsync(renderer, settings);
        (ImageSettings Settings, string Begin)[] misfits =
        [
            (settings with { Loras = [ink, sdxlLora] }, "loras: \"xl\" cannot be used with the model \"tiny-sd15\": this LoRA was trained for "),
            (settings with { Embeddings = [sdxlWord] }, "prompt: the embedding \"strange\" cannot be used with the model \"tiny-sd15\": it has vectors for SDXL's two text encoders"),
            (settings with { Vae = noVae }, "vae: \"mse\" cannot be used with the model \"tiny-sd15\": "),
            (settings with { ControlNets = [Unit(sdxlControl, settings)] }, "controlnets[0]: it was made for another kind of model"),
        ];

        foreach (var (misfit, begin) in misfits)
        {
            var error = await Assert.ThrowsAsync<ArgumentException>(() => Draw(renderer, misfit));

            Assert.StartsWith(begin, error.Message, StringComparison.Ordinal);
            Assert.False(Failure.From(error).Retryable);
            Assert.Equal(plain, await PixelsAsync(renderer, settings));
        }
    }

    private static async Task<ImageSettings> LoadAsync(TorchRenderer renderer) => Settings((await renderer.LoadAsync(Cancel)).Models[0].DefaultSize);

    private static async Task<byte[]> PixelsAsync(TorchRenderer renderer, ImageSettings settings) => Assert.Single(await Draw(renderer, settings)).Pixels;

    private ControlNetSettings Unit(NamedFile network, ImageSettings settings) => new()
    {
        Model = network.Name, Hash = network.Hash, Image = bench.Store.PutPicture(settings.Width, settings.Height, 200), Weight = 1,
        GuidanceStart = 0, GuidanceEnd = 1, ControlMode = ControlModes.Balanced,
    };
}
