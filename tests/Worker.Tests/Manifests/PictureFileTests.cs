using System.Text.Json.Nodes;
using StableDiffusion.Contracts;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Worker.Manifests;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Manifests;

public sealed class PictureFileTests
{
    private static readonly Picture Square = new(2, 2, 3, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

    [Fact]
    public void File_holds_pixels_parameters_and_manifest()
    {
        var manifest = Some.Manifest with { Settings = Some.Settings with { Prompt = "größe 猫 \"<&>\"" } };

        var file = PngReader.Read(PictureFile.Encode(Square, manifest));

        Assert.Equal(Square.Pixels, file.Picture.Pixels);
        Assert.Equal(A1111Parameters.Text(manifest), file.Text("parameters"));
        Assert.Equal(manifest, Manifest.FromJson(file.Text("manifest")!));
    }

    [Fact]
    public void Manifest_holds_all_that_the_bytes_depend_on_and_nothing_of_the_run()
    {
        var json = JsonNode.Parse((Some.Manifest with { Settings = Some.FullSettings }).ToJson())!;

        Assert.Equal(["environment", "format", "model_hash", "settings"], Names(json));
        Assert.Equal(Properties(typeof(ImageSettings)), Names(json["settings"]!));
        Assert.Equal(Properties(typeof(RenderEnvironment)), Names(json["environment"]!));
        Assert.Equal(Some.FullSettings, Manifest.FromJson(json.ToJsonString()).Settings);
        Assert.Equal("a red circle", (string?)json["settings"]!["prompt"]);
        Assert.Equal(2, (int?)json["environment"]!["threads"]);
    }

    [Fact]
    public void Same_picture_and_manifest_give_the_same_bytes() =>
        Assert.Equal(PictureFile.Encode(Square, Some.Manifest), PictureFile.Encode(Square, Some.Manifest with { }));

    private static IEnumerable<string> Names(JsonNode node) => node.AsObject().Select(pair => pair.Key).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Properties(Type type) => FarmJson.Options.GetTypeInfo(type).Properties.Select(property => property.Name).Order(StringComparer.Ordinal);
}
