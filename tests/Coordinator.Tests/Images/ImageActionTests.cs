using System.Net;
using System.Net.Http.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Images;

/// <summary>What owners do to single images, and what they are told of tries.</summary>
public sealed class ImageActionTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Some_images_of_a_batch_are_withdrawn_and_tried_again()
    {
        var batch = await host.SubmitAsync(4);
        var images = await ImagesAsync(batch);
        Assert.Equal((2, 2), Counts(await PostAsync<BatchResponse>($"{batch.Url}/cancel", new ImageSelection { Images = [new(0), new(images[3].Id)] })));
        Assert.Equal([ImageState.Cancelled, ImageState.Queued, ImageState.Queued, ImageState.Cancelled], (await ImagesAsync(batch)).Select(image => image.State));
        Assert.Equal((3, 1), Counts(await PostAsync<BatchResponse>($"{batch.Url}/retry", new ImageSelection { Images = [new(3)] })));

        static (int, int) Counts(BatchResponse batch) => (batch.Counts.Queued, batch.Counts.Cancelled);
    }

    [Fact]
    public async Task One_image_is_withdrawn_and_tried_again_by_its_own_path()
    {
        var image = (await ImagesAsync(await host.SubmitAsync(2)))[1];
        Assert.Equal(ImageState.Cancelled, (await PostAsync<ImageResponse>($"/v1/images/{image.Id}/cancel", null)).State);
        Assert.Equal(ImageState.Queued, (await PostAsync<ImageResponse>($"/v1/images/{image.Id}/retry", null)).State);
    }

    [Fact]
    public async Task An_image_that_the_batch_has_not_is_refused_and_nothing_is_done()
    {
        var batch = await host.SubmitAsync(2);
        using var answer = await host.Client.PostAsJsonAsync(new Uri($"{batch.Url}/cancel", UriKind.Relative), new ImageSelection { Images = [new(0), new(2)] }, FarmJson.Options, Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("images[1]", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        Assert.All(await ImagesAsync(batch), image => Assert.Equal(ImageState.Queued, image.State));
        using var nowhere = await host.Client.PostAsJsonAsync(new Uri($"/v1/batches/{Guid.NewGuid()}/retry", UriKind.Relative), new ImageSelection { Images = [new(0)] }, FarmJson.Options, Token);
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
    }

    [Fact]
    public async Task Every_try_is_told_with_its_worker_and_reason_and_the_one_under_way_last()
    {
        var first = await host.RenderOneAsync();
        Assert.True(await host.FailAsync(Failed(first, retryable: false, "no such adapter")));
        var path = $"/v1/images/{first.ImageId}";
        var failed = Assert.Single(await host.GetAsync<List<AttemptResponse>>($"{path}/attempts"));
        Assert.Equal((1, "failed", "worker-1", "no such adapter"), (failed.Number, failed.Outcome, failed.WorkerId, failed.Error));

        await PostAsync<ImageResponse>($"{path}/retry", null);
        var second = await host.TakeOneAsync();
        var attempts = await host.GetAsync<List<AttemptResponse>>($"{path}/attempts");
        Assert.Equal([("failed", first.AttemptId), ("dispatched", second.AttemptId)], attempts.Select(attempt => (attempt.Outcome, attempt.Id)));
        Assert.Null(attempts[1].FinishedAt);

        using var nowhere = await host.Client.GetAsync(new Uri($"/v1/images/{Guid.NewGuid()}/attempts", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
    }

    private async Task<T> PostAsync<T>(string path, ImageSelection? selection)
    {
        using var answer = await host.Client.PostAsync(new Uri(path, UriKind.Relative), selection is null ? null : JsonContent.Create(selection, options: FarmJson.Options), Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
        return (await answer.Content.ReadFromJsonAsync<T>(FarmJson.Options, Token))!;
    }

    private async Task<IReadOnlyList<ImageResponse>> ImagesAsync(BatchResponse batch) => (await host.GetAsync<Page<ImageResponse>>(batch.ImagesUrl)).Items;
}
