using System.Text.Json;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Tests.Settings;

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
            ExpiresAt = DateTimeOffset.UnixEpoch.AddMinutes(10),
            Images =
            [
                new ImageToRender
                {
                    ImageId = Guid.NewGuid(),
                    AttemptId = Guid.NewGuid(),
                    ObjectKey = "batches/x/00000-1-abc.png",
                    Settings = Full.Settings,
                    LivePreview = true,
                },
            ],
        };
        var read = JsonSerializer.Deserialize<RenderImages>(JsonSerializer.Serialize(command, Wire), Wire)!;
        Assert.Equal(command with { Images = read.Images }, read);
        Assert.Equal(command.Images, read.Images);
    }

    [Fact]
    public void A_heartbeat_without_the_newer_leaving_is_understood()
    {
        var read = JsonSerializer.Deserialize<WorkerReported>(
            """{"workerId":"w","host":"h","device":"cpu","version":"1","timestamp":"2026-01-01T00:00:00Z","models":[],"attempts":[]}""", Wire)!;
        Assert.False(read.Leaving);
    }
}
