using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Scaling;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Scaling;

/// <summary>How much work waits, in seconds of a worker, by model: what a cluster starts and stops workers by.</summary>
public sealed class ScalingSignal(WaitingWork work, RenderRates rates, WorkerRegister workers, IOptions<ScalingOptions> options)
{
    /// <summary>Reads it; a call soon after another costs next to nothing.</summary>
    public async Task<ScalingResponse> ReadAsync(CancellationToken cancellationToken)
    {
        var (lanes, underWay) = await work.ReadAsync(cancellationToken);
        var measured = await rates.ReadAsync(cancellationToken);
        var holders = (await workers.Taking.Select(worker => worker.Models).ToListAsync(cancellationToken))
            .SelectMany(models => models.Distinct()).CountBy(model => model).ToDictionary();
        var byModel = lanes.ToLookup(lane => lane.Model);
        var models = byModel.Select(ofModel => ofModel.Key).Union(underWay.Keys).Union(holders.Keys).Order(StringComparer.Ordinal).Select(model =>
        {
            var published = underWay.GetValueOrDefault(model);
            var cost = byModel[model].Sum(lane => lane.Images * lane.Cost) + (published?.UnclaimedCost ?? 0);
            return new ModelScaling
            {
                Model = model,
                WaitingImages = byModel[model].Sum(lane => lane.Images) + (published?.Unclaimed ?? 0),
                WaitingGpuSeconds = Math.Round(cost * measured.GetValueOrDefault(model, options.Value.SecondsPerStep), 3),
                Workers = holders.GetValueOrDefault(model),
            };
        }).ToList();
        return new ScalingResponse { WaitingGpuSeconds = Math.Round(models.Sum(model => model.WaitingGpuSeconds), 3), Models = models };
    }
}
