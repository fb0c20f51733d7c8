using Microsoft.Extensions.DependencyInjection;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Events;

public sealed class ProgressTailTests(Databases databases)
{
    [Fact]
    public async Task Who_listens_is_told_of_images_that_got_further_with_what_they_look_like()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync(), new() { ["Events:ProgressEvery"] = "00:00:00.100" });
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a red circle", NIter = 2, LivePreviews = true });
        var (first, second) = await RenderAsync(host);
        using var plain = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch.Id}/events?types=images.progressed");
        using var inline = await EventReader.OpenAsync(host.Client, $"/v1/events?types=images.progressed&previews=inline");
        using var none = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch.Id}/events?types=batch.created,batch.finished");
        await ReportAsync(host, Progressed(first, 1, 3) with { Preview = [1, 2, 3] });

        var told = (await plain.NextAsync())!.Value;
        var image = Assert.Single(EventReader.Data(told).Images!);
        Assert.Equal(EventTypes.ImagesProgressed, told.EventType);
        Assert.EndsWith("-0", told.EventId); // still that of the stream's start: it has none of its own
        Assert.Equal((first.ImageId, 0, 3, 20, "worker-1"), (image.Id, image.Index, image.Step, image.Steps, image.WorkerId));
        Assert.Equal(($"/v1/images/{first.ImageId}/preview", null), (image.PreviewUrl, image.Preview));
        Assert.Equal([1, 2, 3], Assert.Single(EventReader.Data((await inline.NextAsync())!.Value).Images!).Preview!);

        await ReportAsync(host, Progressed(second, 1, 5));
        image = Assert.Single(EventReader.Data((await plain.NextAsync())!.Value).Images!); // the first is where it was
        Assert.Equal((second.ImageId, 5, null), (image.Id, image.Step, image.PreviewUrl));

        using var cancelled = await host.Client.PostAsync($"/v1/batches/{batch.Id}/cancel", null, Token);
        Assert.Equal([EventTypes.BatchCreated, EventTypes.BatchFinished], (await none.TakeAsync(2)).Select(item => item.EventType));
    }

    private static async Task<(AttemptReference First, AttemptReference Second)> RenderAsync(EventsHost host)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var claims = scope.ServiceProvider.GetRequiredService<ImageClaims>();
        var recipe = scope.ServiceProvider.GetRequiredService<FarmDb>().Recipes.Single().Id;
        var taken = await claims.TakeAsync([(recipe, 2)], Token);
        AttemptReference[] attempts = [.. taken.Select(image => new AttemptReference(image.Id, image.AttemptId))];
        Assert.Equal(2, (await claims.ClaimAsync(Claim("worker-1", attempts), Token)).Count);
        return (attempts[0], attempts[1]);
    }

    private static async Task ReportAsync(EventsHost host, ImageProgressed news)
    {
        await using var scope = host.Services.CreateAsyncScope();
        Assert.Equal(1, await scope.ServiceProvider.GetRequiredService<ImageProgress>().ReportAsync([news], Token));
    }
}
