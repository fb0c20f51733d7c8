using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Verification;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Storage;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Batches.Verification;

/// <summary>Whether a rerun drew what its origin drew.</summary>
public sealed class VerificationTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task The_same_bytes_are_the_same_and_others_are_told_by_how_far_off_they_are_and_what_differed()
    {
        var origin = await host.SubmitAsync(4);
        await DrawAsync(origin,
            Picture(10, "2.5", "cpu"), Picture(10, "2.5", "cpu"), Picture(10, "2.5", "cpu"), null); // the last one fails
        var rerun = await RerunAsync(origin, new RerunRequest { Verify = true });
        Assert.Equal(3, rerun.Counts.Total);
        await DrawAsync(rerun,
            Picture(10, "2.5", "cpu"), Picture(10, "2.6", "cuda:0"), Png.Bytes(64, 64, packed: Png.Packed([.. Png.Rows(64, 63, 10), .. Png.Rows(64, 1, 13)]), manifest: Manifest("2.5", "cpu")));

        var verification = await host.GetAsync<VerificationResponse>(rerun.VerificationUrl!);
        Assert.Equal((3, 1, 2, 0), (verification.Total, verification.Same, verification.Different, verification.Missing));
        Assert.Equal([0, 1, 2], verification.Items.Select(item => item.Index));
        Assert.Equal([true, false, false], verification.Items.Select(item => item.Same));
        Assert.Null(verification.Items[0].Pixels);

        var (versions, pixels) = (verification.Items[1], verification.Items[2]);
        Assert.Equal(new PixelDifference { Max = 0, Mean = 0, Share = 0 }, versions.Pixels);
        Assert.Equal(["environment.device", "environment.torch"], versions.Differed!.Keys);
        Assert.Equal(new ValuePair { Origin = "2.5", Rerun = "2.6" }, versions.Differed["environment.torch"]);

        Assert.Null(pixels.Differed);
        Assert.Equal((3, 3.0 / 64, 1.0 / 64), (pixels.Pixels!.Max, pixels.Pixels.Mean, pixels.Pixels.Share));
        Assert.Equal(10 * Math.Log10(255 * 255 * 64 / 9.0), pixels.Pixels.Psnr!.Value, 1e-9); // one row of 64 is off by 3
    }

    [Fact]
    public async Task What_has_no_picture_is_missing_and_pages_go_on()
    {
        var origin = await host.SubmitAsync(2);
        await DrawAsync(origin, Picture(1), Picture(2));
        var rerun = await RerunAsync(origin, null);
        await DrawAsync(rerun, Png.Bytes(32, 32), null);
        var first = await host.GetAsync<VerificationResponse>(rerun.VerificationUrl! + "?limit=1");
        Assert.Equal((0, 1, 1), (first.Same, first.Different, first.Missing));
        Assert.Equal("The pictures' sizes differ: 64×64 and 32×32.", Assert.Single(first.Items).Reason);
        var second = await host.GetAsync<VerificationResponse>(first.Next!);
        Assert.Contains("no picture", Assert.Single(second.Items).Reason, StringComparison.Ordinal);
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task There_is_nothing_to_tell_of_what_is_not_finished_or_no_rerun()
    {
        var origin = await host.SubmitAsync(1);
        Assert.Null(origin.VerificationUrl);
        await DrawAsync(origin, Picture(1));
        var rerun = await RerunAsync(origin, null);
        Assert.Equal(HttpStatusCode.Conflict, await AnswerAsync($"{origin.Url}/verification"));
        Assert.Equal(HttpStatusCode.Conflict, await AnswerAsync($"{rerun.Url}/verification"));
        Assert.Equal(HttpStatusCode.NotFound, await AnswerAsync($"/v1/batches/{Guid.NewGuid()}/verification"));
    }

    private static byte[] Picture(byte content, string torch = "2.5", string device = "cpu") => Png.Bytes(content: content, manifest: Manifest(torch, device));

    private static string Manifest(string torch, string device) => $$$"""{"format":1,"model_hash":"aa11","environment":{"torch":"{{{torch}}}","device":"{{{device}}}","threads":2}}""";

    /// <summary>A worker draws the batch's images in order, or fails where there is no picture.</summary>
    private async Task DrawAsync(BatchResponse batch, params byte[]?[] pictures)
    {
        foreach (var (image, picture) in (await host.TakeAsync(pictures.Length)).Zip(pictures))
        {
            Assert.Equal(batch.Id, image.BatchId);
            var attempt = new AttemptReference(image.Id, image.AttemptId);
            Assert.True(await host.ClaimAsync(attempt));
            if (picture is null)
            {
                Assert.True(await host.FailAsync(Failed(attempt, retryable: false)));
                continue;
            }

            await host.Get<IObjectStore>().PutAsync(image.ObjectKey, picture, "image/png", null, Token);
            Assert.True(await host.SucceedAsync(Rendered(attempt, Convert.ToHexStringLower(SHA256.HashData(picture)))));
        }
    }

    private async Task<BatchResponse> RerunAsync(BatchResponse origin, RerunRequest? request)
    {
        using var answer = await host.Client.PostAsync(new Uri($"{origin.Url}/rerun", UriKind.Relative), request is null ? null : JsonContent.Create(request, options: FarmJson.Options), Token);
        return (await answer.Content.ReadFromJsonAsync<BatchResponse>(FarmJson.Options, Token))!;
    }

    private async Task<HttpStatusCode> AnswerAsync(string path)
    {
        using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative), Token);
        return answer.StatusCode;
    }
}
