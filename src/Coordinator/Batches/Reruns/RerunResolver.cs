using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator.Batches.Reruns;

/// <summary>Turns a request to draw a batch again into images: the same settings to the letter, or with some of them resolved anew.</summary>
internal sealed class RerunResolver(BatchOrigin origins, ImageSelector selector, OverrideResolver overrides)
{
    /// <summary>The images, each with the one it does again; none when <paramref name="errors"/> is not empty.</summary>
    public async Task<ResolvedBatch> ResolveAsync(Guid origin, RerunRequest request, RequestErrors errors, CancellationToken cancellationToken)
    {
        var verify = request.Verify ?? false;
        var only = await selector.FindAsync(origin, request.Images, errors, cancellationToken);
        if (verify && request.Overrides is not null)
        {
            errors.Add("verify", "With overrides the pictures are others: leave one of them out.");
        }

        if (!errors.IsEmpty)
        {
            return ResolvedBatch.None;
        }

        var batch = await origins.ReadAsync(origin, only, verify, cancellationToken);
        if (batch.Images.Count == 0)
        {
            errors.Add(verify ? "verify" : "images", verify ? "None of these images has a picture that another could be compared with." : "The batch has no images left.");
        }

        return request.Overrides is { } fields && errors.IsEmpty ? await overrides.ResolveAsync(batch, fields, errors, cancellationToken) : batch;
    }
}
