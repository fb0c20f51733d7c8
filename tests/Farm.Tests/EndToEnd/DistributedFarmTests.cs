using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Worker.Manifests;

namespace StableDiffusion.Farm.Tests.EndToEnd;

[Collection(OnRealServers.Name)]
public sealed class DistributedFarmTests(TestServers servers)
{
    private static readonly string[] Prompts = ["a red circle on a white background", "the digit 7, blue on yellow"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_batch_over_HTTP_lies_in_the_bucket_as_pictures_and_a_rerun_gives_the_same_bytes()
    {
        Dictionary<string, string> settings = await servers.CreateFarmAsync(Cancelled);
        using var farm = new DistributedFarm(settings);
        await farm.StartCoordinatorAsync(Cancelled);
        await farm.StartWorkersAsync(2, Cancelled);

        BatchResponse batch = await farm.WaitForEndAsync(await farm.Client.SubmitAsync(Request(images: 8, steps: 4), Cancelled), Cancelled);
        IReadOnlyList<ImageResponse> images = await farm.GetImagesAsync(batch, Cancelled);

        Assert.Equal(16, batch.Counts.Succeeded);
        Assert.Equal(16, batch.Counts.Total);
        Assert.Equal(Enumerable.Range(0, 16), images.Select(image => image.Index));
        Assert.Equal(Prompts.SelectMany(prompt => Enumerable.Range(42, 8).Select(seed => (prompt, (long)seed))), images.Select(image => (image.Settings.Prompt, image.Settings.Seed)));
        Assert.Equal(16, images.Select(image => image.Sha256).Distinct().Count());
        Assert.Equal(["worker-0", "worker-1"], images.Select(image => image.WorkerId).Distinct().Order());
        using AmazonS3Client s3 = OpenBucket(settings);
        foreach (ImageResponse image in images)
        {
            byte[] stored = await ReadAsync(s3, settings["Objects__S3__Bucket"], image.ObjectKey!);
            Assert.Equal(image.Sha256, Convert.ToHexStringLower(SHA256.HashData(stored)));
            Assert.Equal(stored, await farm.Client.GetContentAsync(image, Cancelled));
            CheckPicture(image, stored);
        }

        BatchResponse again = await farm.WaitForEndAsync(await farm.RerunAsync(batch, Cancelled), Cancelled);
        Assert.Equal(batch.Id, again.OriginId);
        Assert.Equal(images.Select(image => image.Sha256), (await farm.GetImagesAsync(again, Cancelled)).Select(image => image.Sha256));
    }

    [Fact]
    public async Task A_coordinator_that_was_killed_finishes_what_it_had_accepted()
    {
        Dictionary<string, string> settings = await servers.CreateFarmAsync(Cancelled);
        using var farm = new DistributedFarm(settings);
        await farm.StartCoordinatorAsync(Cancelled);
        await farm.StartWorkersAsync(1, Cancelled);
        BatchResponse batch = await farm.Client.SubmitAsync(Request(images: 8, steps: 10), Cancelled);
        await farm.WaitForFirstAsync(batch, Cancelled);
        farm.KillCoordinator();

        await farm.StartCoordinatorAsync(Cancelled);
        batch = await farm.WaitForEndAsync(batch, Cancelled);

        Assert.Equal(16, batch.Counts.Succeeded);
        IReadOnlyList<ImageResponse> images = await farm.GetImagesAsync(batch, Cancelled);
        Assert.Equal(16, images.Select(image => image.ObjectKey).Distinct().Count());
        using AmazonS3Client s3 = OpenBucket(settings);
        foreach (ImageResponse image in images)
        {
            byte[] stored = await ReadAsync(s3, settings["Objects__S3__Bucket"], image.ObjectKey!);
            Assert.Equal(image.Sha256, Convert.ToHexStringLower(SHA256.HashData(stored)));
        }
    }

    private static BatchRequest Request(int images, int steps) => new() { Prompts = Prompts, Seed = 42, NIter = images, Steps = steps, SamplerName = "Euler" };

    private static void CheckPicture(ImageResponse image, byte[] png)
    {
        PngFile file = PngReader.Read(png);
        Assert.Equal((image.Settings.Width, image.Settings.Height), (file.Picture.Width, file.Picture.Height));
        string parameters = Assert.Single(file.Texts, text => text.Keyword == "parameters").Text;
        Assert.StartsWith(image.Settings.Prompt + "\n", parameters, StringComparison.Ordinal);
        Assert.Contains($"Steps: 4, Sampler: Euler, CFG scale: 3, Seed: {image.Settings.Seed}, Size: {image.Settings.Width}x{image.Settings.Height}", parameters, StringComparison.Ordinal);
        string manifest = Assert.Single(file.Texts, text => text.Keyword == "manifest").Text;
        Assert.Equal(image.Settings, Manifest.FromJson(manifest).Settings);
        Assert.All(
            [image.Id.ToString(), image.BatchId.ToString(), image.WorkerId!, image.ObjectKey!],
            ofThisRun => Assert.DoesNotContain(ofThisRun, manifest, StringComparison.Ordinal));
    }

    private static AmazonS3Client OpenBucket(Dictionary<string, string> settings) => new(
        new BasicAWSCredentials(settings["Objects__S3__AccessKey"], settings["Objects__S3__SecretKey"]),
        new AmazonS3Config
        {
            ServiceURL = settings["Objects__S3__ServiceUrl"],
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });

    private static async Task<byte[]> ReadAsync(AmazonS3Client s3, string bucket, string key)
    {
        using GetObjectResponse response = await s3.GetObjectAsync(bucket, key, Cancelled);
        using var bytes = new MemoryStream();
        await response.ResponseStream.CopyToAsync(bytes, Cancelled);
        return bytes.ToArray();
    }
}
