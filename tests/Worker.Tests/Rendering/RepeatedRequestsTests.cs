using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Tests.Fakes;
using static StableDiffusion.Worker.Tests.Fakes.RendererBench;

namespace StableDiffusion.Worker.Tests.Rendering;

/// <summary>The same request gives the same pixels, whatever the renderer did before it: nothing is left of one render for the next.</summary>
public sealed class RepeatedRequestsTests : IDisposable
{
    private readonly RendererBench bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => bench.Dispose();

    [Theory]
    [InlineData(1, 1024)]
    [InlineData(2, 0)]
    public async Task Every_request_gives_the_same_pixels_after_every_other_one(int order, int loraMemory)
    {
        var requests = await RequestsAsync();
        List<byte[]> expected = [];
        foreach (var request in requests)
        {
            using var fresh = bench.Renderer(TinyModel, threads: 1);
            await fresh.LoadAsync(Cancel);
            expected.Add(Assert.Single(await Draw(fresh, request)).Pixels);
        }

        Assert.Equal(requests.Count, expected.Select(Convert.ToHexString).Distinct().Count());
        using var used = bench.Renderer(TinyModel, threads: 1, loraMemory: loraMemory);
        await used.LoadAsync(Cancel);
        var random = new Random(order);
        foreach (var index in Enumerable.Range(0, 2).SelectMany(_ => random.GetItems(Enumerable.Range(0, requests.Count).ToArray(), requests.Count)))
        {
            await DisturbAsync(used, requests[random.Next(requests.Count)], random.Next(3));

            Assert.Equal(expected[index], Assert.Single(await Draw(used, requests[index])).Pixels);
        }
    }

    [Fact]
    public async Task A_picture_is_the_same_in_every_place_of_a_call_and_in_every_company()
    {
        using var renderer = bench.Renderer(TinyModel, threads: 1);
        await renderer.LoadAsync(Cancel);
        var wanted = (await RequestsAsync())[0] with { BatchClass = 4, PromptSyntax = PromptSyntax.A1111, SamplerName = "Euler a" };
        ImageSettings Other(int seed, string prompt) => wanted with { Seed = seed, Prompt = prompt };
        var expected = Assert.Single(await Draw(renderer, wanted)).Pixels;
        ImageSettings[][] groups =
        [
            [wanted, Other(1, "a fox"), Other(2, "a (fox:1.4)")],
            [Other(1, "a fox"), wanted],
            [Other(1, "[a:the:0.5] fox"), Other(2, "a fox AND a hen :0.5"), wanted, Other(3, "a fox " + string.Join(' ', Enumerable.Repeat("runs", 90)))],
            [Other(1, "a fox"), Other(2, "a hen"), Other(3, "an owl"), Other(4, "a cat"), wanted, wanted],
        ];

        foreach (var group in groups)
        {
            var drawn = await Draw(renderer, group);

            Assert.All(Enumerable.Range(0, group.Length).Where(image => group[image] == wanted), image => Assert.Equal(expected, drawn[image].Pixels));
        }
    }

    /// <summary>Something that a renderer must get over: a group that is stopped halfway, one that is refused, one that is looked at.</summary>
    private static async Task DisturbAsync(TorchRenderer renderer, ImageSettings settings, int kind)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        switch (kind)
        {
            case 0:
                await Assert.ThrowsAnyAsync<OperationCanceledException>(
                    () => renderer.RenderAsync(new RenderGroup(settings.Model, [settings]) { StepDone = _ => stop.Cancel() }, stop.Token));
                break;
            case 1:
                await Assert.ThrowsAsync<ArgumentException>(() => Draw(renderer, settings with { Steps = 0 }));
                break;
            default:
                await renderer.RenderAsync(new RenderGroup(settings.Model, [settings]) { StepDone = news => news.Preview() }, Cancel);
                break;
        }
    }

    private async Task<IReadOnlyList<ImageSettings>> RequestsAsync()
    {
        var plain = Settings(64);
        var a1111 = plain with { PromptSyntax = PromptSyntax.A1111 };
        var ink = await bench.HoldLoraAsync("ink", "adapters/lora-kohya.safetensors", 1);
        var oil = await bench.HoldLoraAsync("oil", "adapters/lora-peft.safetensors", 0.5);
        var strange = await bench.HoldAsync(AdapterKind.Embedding, "strange", "adapters/embedding-a1111.safetensors");
        var canny = await bench.HoldAsync(AdapterKind.Controlnet, "canny", "tiny-controlnet");
        string grey = bench.Store.PutPicture(64, 64, 90), white = bench.Store.PutPicture(64, 64, 255);
        var unit = new ControlNetSettings
        {
            Model = canny.Name, Hash = canny.Hash, Image = grey, Weight = 1, GuidanceStart = 0, GuidanceEnd = 1, ControlMode = ControlModes.Balanced,
        };
        return
        [
            plain,
            plain with { Seed = 43 },
            plain with { SamplerName = "DPM++ SDE" },
            plain with { ClipSkip = 2 },
            plain with { CfgScale = 1 },
            plain with { Loras = [ink] },
            plain with { Loras = [ink with { Weight = 0.3 }] },
            plain with { Loras = [ink with { TextEncoderWeight = 0 }] },
            plain with { Loras = [oil] },
            plain with { Loras = [ink, oil], BatchClass = 2 },
            a1111 with { Prompt = "a strange [fox|hen]", Embeddings = [strange] },
            a1111 with { Prompt = "a strange [fox|hen]" },
            plain with { ControlNets = [unit] },
            plain with { ControlNets = [unit with { ControlMode = ControlModes.Control }], Loras = [oil] },
            plain with { ImageToImage = new ImageToImageSettings { Image = grey, DenoisingStrength = 0.7 } },
            plain with
            {
                ImageToImage = new ImageToImageSettings { Image = grey, DenoisingStrength = 1 },
                Inpainting = new InpaintingSettings
                {
                    Mask = white, MaskBlur = 0, InpaintingFill = InpaintingFill.Fill, InpaintFullRes = false, InpaintFullResPadding = 0, InpaintingMaskInvert = false, PasteBack = true,
                },
            },
        ];
    }
}
