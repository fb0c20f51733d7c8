using System.Diagnostics;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Farm.Client;
using StableDiffusion.Farm.Embedded;

namespace StableDiffusion.Farm.Bench;

/// <summary>Images per second of a whole embedded farm, from the submission to the last stored picture, over its REST API.</summary>
internal static class FarmBench
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Runs a farm of its own in a folder that it removes; a few pictures warm it up.</summary>
    public static async Task<double> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        DataFolder data = DataFolder.CreateTemporary(settings.Model);
        try
        {
            await using EmbeddedFarm farm = await EmbeddedFarm.StartAsync(data, port: 0, cancellationToken);
            using var client = new FarmClient(farm.Url);
            while ((await client.GetModelsAsync(cancellationToken)).Count == 0)
            {
                await Task.Delay(Pause, cancellationToken);
            }

            await DrawAsync(client, settings, BenchSettings.WarmUp, cancellationToken);
            var clock = Stopwatch.StartNew();
            await DrawAsync(client, settings, settings.Images, cancellationToken);
            return settings.Images / clock.Elapsed.TotalSeconds;
        }
        finally
        {
            await EmbeddedPostgres.StopAsync(data, CancellationToken.None);
            data.Delete();
        }
    }

    private static async Task DrawAsync(FarmClient client, BenchSettings settings, int images, CancellationToken cancellationToken)
    {
        BatchResponse batch = await client.SubmitAsync(
            new BatchRequest
            {
                Prompt = BenchSettings.Prompt,
                Seed = 0,
                NIter = images,
                Steps = settings.Steps,
                CfgScale = BenchSettings.CfgScale,
                SamplerName = BenchSettings.Sampler,
            },
            cancellationToken);
        while (batch.FinishedAt is null)
        {
            await Task.Delay(Pause, cancellationToken);
            batch = await client.GetBatchAsync(batch, cancellationToken);
        }

        if (batch.Counts.Succeeded != images)
        {
            throw new FarmException($"{batch.Counts.Failed} of {images} pictures failed; a measurement with failures says nothing");
        }
    }
}
