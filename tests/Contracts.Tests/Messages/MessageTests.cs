using System.Text.Json;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Tests.Settings;
using StableDiffusion.Contracts.Workers;

namespace StableDiffusion.Contracts.Tests.Messages;

/// <summary>Messages outlive a release in their queues: what the wire holds is a promise.</summary>
public sealed class MessageTests
{
    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web); // as MassTransit writes them

    [Fact]
    public void A_command_comes_through_whole()
    {
        var command = new RenderImages
        {
            Model = "tiny",
            Timestamp = DateTimeOffset.UnixEpoch,
            Settings = Full.Settings with { Prompt = "", Prompt2 = null, NegativePrompt = "", NegativePrompt2 = null, Seed = 0 },
            Images = [Image],
        };
        var read = JsonSerializer.Deserialize<RenderImages>(JsonSerializer.Serialize(command, Wire), Wire)!;
        Assert.Equal(command with { Images = read.Images }, read);
        Assert.Equal(command.Images, read.Images);
        Assert.Equal(Full.Settings, read.Images[0].SettingsOf(read.Settings));
    }

    [Fact]
    public void A_report_comes_through_whole()
    {
        var (image, attempt) = (Guid.NewGuid(), Guid.NewGuid());
        var report = new ImagesReported
        {
            WorkerId = "w",
            Timestamp = DateTimeOffset.UnixEpoch,
            Rendered = [new ImageRendered { ImageId = image, AttemptId = attempt, Sha256 = "00", Bytes = 1L << 33, RenderTime = TimeSpan.FromSeconds(1.5), Steps = 4, PeakMemory = 1L << 34 }],
            Failed = [new ImageFailed { ImageId = image, AttemptId = attempt, Reason = "ünïcode", Retryable = true }],
            Returned = [new AttemptReference(image, attempt)],
            Progressed = [new ImageProgressed { ImageId = image, AttemptId = attempt, Sequence = 1, Step = 2, Steps = 3 }],
        };
        var read = JsonSerializer.Deserialize<ImagesReported>(JsonSerializer.Serialize(report, Wire), Wire)!;
        Assert.Equal(report.Rendered, read.Rendered);
        Assert.Equal(report.Failed, read.Failed);
        Assert.Equal(report.Returned, read.Returned);
        Assert.Equal(report.Progressed, read.Progressed);
    }

    [Fact]
    public void A_report_may_leave_out_what_it_has_nothing_of()
    {
        var read = JsonSerializer.Deserialize<ImagesReported>("""{"workerId":"w","timestamp":"2026-01-01T00:00:00Z"}""", Wire)!;
        Assert.Empty(read.Rendered);
        Assert.Empty(read.Progressed);
    }

    [Fact]
    public void A_beat_with_fields_that_nobody_knows_yet_is_understood()
    {
        var read = JsonSerializer.Deserialize<WorkerBeat>(
            """{"workerId":"w","timestamp":"2026-01-01T00:00:00Z","activity":1,"attempts":[],"mood":"fine"}""", Wire)!;
        Assert.Equal((WorkerActivity.Busy, false, 0), (read.Activity, read.Leaving, read.Reported.Count));
    }

    private static ImageToRender Image => new()
    {
        ImageId = Guid.NewGuid(),
        BatchId = Guid.NewGuid(),
        AttemptId = Guid.NewGuid(),
        ObjectKey = "batches/x/00000-1-abc.png",
        Prompt = Full.Settings.Prompt,
        Prompt2 = Full.Settings.Prompt2,
        NegativePrompt = Full.Settings.NegativePrompt,
        NegativePrompt2 = Full.Settings.NegativePrompt2,
        Seed = Full.Settings.Seed,
        LivePreview = true,
    };
}
