using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Verification;

namespace StableDiffusion.Diffusion.Tests.Verification;

public sealed class VerifierTests
{
    private static readonly Lazy<VerificationReport> Report = new(() => Verifier.Run(Goldens.Folder));

    [Fact]
    public void Nothing_is_outside_its_bound() => Assert.True(Report.Value.Succeeded, Report.Value.ToTable());

    [Fact]
    public void Nothing_is_left_out() => Assert.DoesNotContain(Report.Value.Rows, row => row.Outcome == VerificationOutcome.NotCovered);

    [Theory]
    [InlineData("tokenizer: tokens")]
    [InlineData("tokenizer: padded tokens")]
    [InlineData("noise: randn by seed and shape")]
    [InlineData("noise: draws in a row")]
    [InlineData("noise: rand, randint, randperm in a row")]
    [InlineData("schedulers: forward process")]
    [InlineData("schedulers: DDIMScheduler: samples, model inputs")]
    [InlineData("schedulers: LMSDiscreteScheduler: samples, model inputs")]
    [InlineData("schedulers: EulerDiscreteScheduler: samples, model inputs")]
    [InlineData("models: networks load strictly")]
    [InlineData("published-keys.json: sd15/text_encoder")]
    [InlineData("published-keys.json: sd15/unet")]
    [InlineData("published-keys.json: sd15/vae")]
    [InlineData("ldm-keys.json: sd15/unet")]
    [InlineData("ldm-keys.json: sd21/unet")]
    [InlineData("ldm-keys.json: sdxl/unet")]
    [InlineData("ldm-keys.json: sd15/vae")]
    [InlineData("ldm-keys.json: sd21/text_encoder")]
    [InlineData("ldm-keys.json: sdxl/text_encoder_2")]
    [InlineData("single-files: tiny-sd15")]
    [InlineData("single-files: tiny-sd21")]
    [InlineData("single-files: tiny-sdxl")]
    [InlineData("networks: tiny-sd15 text_encoder")]
    [InlineData("networks: tiny-sd15 unet")]
    [InlineData("networks: tiny-sd15 vae")]
    [InlineData("prompts: editing")]
    [InlineData("prompts: embeddings")]
    [InlineData("published-keys.json: sdxl/unet")]
    [InlineData("published-keys.json: sdxl/controlnet")]
    [InlineData("published-keys.json: sdxl/text_encoder_2")]
    [InlineData("networks: tiny-sdxl unet")]
    [InlineData("networks: tiny-sdxl text_encoder_2")]
    [InlineData("networks: tiny-controlnet")]
    [InlineData("training: epsilon: weights")]
    [InlineData("training: prior_preservation: weights")]
    [InlineData("training: lora: weights")]
    [InlineData("training: textual_inversion: weights")]
    [InlineData("training: vae: weights")]
    [InlineData("training: clip: weights")]
    [InlineData("training: learning rate")]
    [InlineData("training: decay of averaged weights")]
    [InlineData("pipelines/tiny-sd15: latents")]
    [InlineData("pipelines/tiny-sd15: latents after each step")]
    [InlineData("pipelines/tiny-sd15: pictures, in 1/255")]
    [InlineData("pipelines/tiny-sd15-lora: latents")]
    [InlineData("pipelines/tiny-sd15-lora: pictures, in 1/255")]
    public void What_is_built_is_covered(string compared)
    {
        var row = Assert.Single(Report.Value.Rows, row => row.Compared == compared);
        Assert.Equal(VerificationOutcome.Passed, row.Outcome);
        Assert.True(row.Cases > 0);
        Assert.NotNull(row.Worst);
    }

    [Fact]
    public void What_is_not_built_is_listed_with_its_reason()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        Directory.CreateDirectory(Path.Combine(folder, "models/tomorrow/unet"));
        File.WriteAllText(Path.Combine(folder, "models/tomorrow/unet/config.json"), """{"_class_name": "UNet3DConditionModel"}""");
        File.WriteAllText(Path.Combine(folder, "songs.json"), "[]");
        var report = Verify(folder);
        Directory.Delete(folder, recursive: true);
        Assert.Contains(report.Rows, row => row is { Compared: "models", Outcome: VerificationOutcome.NotCovered, Worst: null, Note: "_class_name UNet3DConditionModel is not built" });
        Assert.Contains(report.Rows, row => row is { Compared: "songs.json", Outcome: VerificationOutcome.NotCovered, Note: not null });
        Assert.False(report.Succeeded);
    }

    [Fact]
    public void A_value_of_another_kind_is_listed_with_the_field_that_has_it()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        Directory.CreateDirectory(Path.Combine(folder, "models/tomorrow/unet"));
        File.WriteAllText(
            Path.Combine(folder, "models/tomorrow/unet/config.json"), """{"_class_name": "UNet2DConditionModel", "cross_attention_dim": [32, 32]}""");
        var report = Verify(folder);
        Directory.Delete(folder, recursive: true);
        Assert.Contains("cross_attention_dim", Assert.Single(report.Rows, row => row.Outcome == VerificationOutcome.NotCovered).Note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_folder_fails() => Assert.False(Verify(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString())).Succeeded);

    [Fact]
    public void An_empty_folder_fails()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        Assert.False(Verify(folder).Succeeded);
        Directory.Delete(folder);
    }

    [Fact]
    public void A_wrong_number_fails_and_is_named()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        foreach (string file in Directory.EnumerateFiles(Goldens.Path("tokenizer")))
        {
            Directory.CreateDirectory(Path.Combine(folder, "tokenizer"));
            File.Copy(file, Path.Combine(folder, "tokenizer", Path.GetFileName(file)));
        }

        string cases = Path.Combine(folder, "tokenizer", "cases.json");
        File.WriteAllText(cases, """[{"text": "a", "ids": [320], "padded": []}, {"text": "the", "ids": [1], "padded": []}]""");
        var report = Verify(folder);
        Directory.Delete(folder, recursive: true);
        Assert.False(report.Succeeded);
        Assert.Contains(report.Rows, row => row is { Outcome: VerificationOutcome.Failed, Cases: 2, Note: "worst: the" });
        Assert.Contains("FAILED", report.ToTable(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_fails_its_check_and_leaves_the_others()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        File.WriteAllText(Path.Combine(folder, "noise.safetensors"), "this is no safetensors file");
        Directory.CreateDirectory(Path.Combine(folder, "schedulers"));
        File.Copy(Goldens.Path("schedulers/forward_process.safetensors"), Path.Combine(folder, "schedulers/forward_process.safetensors"));
        var report = Verify(folder);
        Directory.Delete(folder, recursive: true);
        Assert.Contains(report.Rows, row => row is { Outcome: VerificationOutcome.Failed } && row.Note!.Contains("noise.safetensors", StringComparison.Ordinal));
        Assert.Contains(report.Rows, row => row is { Outcome: VerificationOutcome.Passed, Compared: "schedulers: forward process" });
    }

    [Fact]
    public void A_row_that_is_off_or_cannot_be_read_fails_by_its_name_what_is_not_known_is_not_covered_and_the_rest_passes()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        Directory.CreateDirectory(Path.Combine(folder, "schedulers"));
        File.Copy(Goldens.Path("schedulers/trajectories.safetensors"), Path.Combine(folder, "schedulers/trajectories.safetensors"));
        JsonObject[] rows = [.. JsonNode.Parse(File.ReadAllText(Goldens.Path("schedulers/cases.json")))!.AsArray()
            .Where(row => (string?)row!["scheduler"] == "DDIMScheduler").Take(5).Select(row => row!.DeepClone().AsObject())];
        rows[0]["timesteps"]![0] = (double)rows[0]["timesteps"]![0]! + 1;
        rows[1].Remove("seed");
        rows[2]["begin_index"] = 3;
        rows[3]["scheduler"] = "TomorrowScheduler";
        File.WriteAllText(Path.Combine(folder, "schedulers/cases.json"), new JsonArray(rows).ToJsonString());
        var report = Verify(folder);
        Directory.Delete(folder, recursive: true);
        Assert.Contains(report.Rows, row => row is { Outcome: VerificationOutcome.Failed } && row.Note == $"worst: {rows[0]["name"]}");
        Assert.Contains(report.Rows, row => row is { Outcome: VerificationOutcome.Failed } && row.Note == $"{rows[1]["name"]}: there is no \"seed\" in it");
        Assert.Equal(
            ["\"begin_index\" is not built", "TomorrowScheduler is not built"],
            report.Rows.Where(row => row.Outcome == VerificationOutcome.NotCovered).Select(row => row.Note).Order(StringComparer.Ordinal));
        Assert.Contains(report.Rows, row => row is { Outcome: VerificationOutcome.Passed, Cases: > 0 });
    }

    [Fact]
    public void A_file_of_requests_that_cannot_be_read_fails_by_its_name_and_leaves_the_others()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        Directory.CreateDirectory(Path.Combine(folder, "pipelines"));
        File.WriteAllText(Path.Combine(folder, "pipelines/broken.json"), "{ this is no JSON");
        File.Copy(Goldens.Path("pipelines/tiny-sd15-lora.safetensors"), Path.Combine(folder, "pipelines/broken.safetensors"));
        File.WriteAllText(Path.Combine(folder, "pipelines/empty.json"), "[]");
        File.Copy(Goldens.Path("pipelines/tiny-sd15-lora.safetensors"), Path.Combine(folder, "pipelines/empty.safetensors"));
        var report = Verify(folder);
        Directory.Delete(folder, recursive: true);
        Assert.Contains(report.Rows, row => row is { Compared: "pipelines/broken.json", Outcome: VerificationOutcome.Failed });
        Assert.Contains(report.Rows, row => row is { Compared: "pipelines/empty", Outcome: VerificationOutcome.NotCovered } && row.Note!.EndsWith(".latents belongs to no row", StringComparison.Ordinal));
    }

    private static VerificationReport Verify(string folder) => Verifier.Run(folder, cancellationToken: TestContext.Current.CancellationToken);
}
