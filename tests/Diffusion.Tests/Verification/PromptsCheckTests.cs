using StableDiffusion.Diffusion.Verification;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Verification;

public sealed class PromptsCheckTests
{
    [Fact]
    public void A1111s_reading_equals_the_reference_down_to_the_embedding()
    {
        var rows = new PromptsCheck().Run(new VerificationRun(Goldens.Folder, CPU, ScalarType.Float32), TestContext.Current.CancellationToken).ToArray();
        Assert.Equal(
            [
                "prompts: weighted texts", "prompts: their weights", "prompts: editing", "prompts: parts of an AND", "prompts: the parts' weights",
                "prompts: tokens in chunks", "prompts: tokens' weights", "prompts: embeddings",
            ],
            rows.Select(row => row.Compared));
        Assert.All(rows, row => Assert.True(row is { Outcome: VerificationOutcome.Passed, Cases: > 5 }, $"{row}"));
    }
}
