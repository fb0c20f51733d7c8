using System.Net;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Images;

public sealed class PreviewTests(Databases databases)
{
    [Fact]
    public async Task A_preview_is_there_while_the_image_is_drawn_and_only_when_it_was_asked_for()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.ReportWorkerAsync();
        await host.SubmitAsync(new BatchRequest { Prompt = "a", LivePreviews = true });
        Assert.Equal(1, await host.RunRoundAsync());
        var command = (await host.Commands.Reader.ReadAsync(Token)).Images[0];
        Assert.True(command.LivePreview);
        var of = new AttemptReference(command.ImageId, command.AttemptId);
        await host.ClaimAsync(of);
        await AssertNoneAsync(host, of.ImageId, "only while it is drawn");

        await host.ProgressAsync(Progressed(of, 1, 5) with { Preview = [1, 2, 3], Steps = 15 });
        var image = await host.GetAsync<ImageResponse>($"/v1/images/{of.ImageId}");
        Assert.Equal((5, 15), (image.Step, image.Steps));
        Assert.Equal([1, 2, 3], await host.Client.GetByteArrayAsync(new Uri(image.PreviewUrl!, UriKind.Relative), Token));

        await host.SucceedAsync(Rendered(of) with { PeakMemory = 1L << 32 });
        image = await host.GetAsync<ImageResponse>($"/v1/images/{of.ImageId}");
        Assert.Equal((null, 15, 1L << 32), (image.PreviewUrl, image.Step, image.PeakMemory));
        await AssertNoneAsync(host, of.ImageId, "only while it is drawn");

        await host.SubmitAsync(1);
        var unwatched = await host.TakeOneAsync();
        await AssertNoneAsync(host, unwatched.ImageId, "did not ask");
    }

    private static async Task AssertNoneAsync(CoordinatorHost host, Guid id, string reason)
    {
        using var answer = await host.Client.GetAsync(new Uri($"/v1/images/{id}/preview", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }
}
