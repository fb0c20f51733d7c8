namespace StableDiffusion.Coordinator.Workers;

/// <summary>
/// Decides which workers are to load which models. Work goes where its model is; only where it is nowhere, or a worker stands idle while another
/// model's work would wait for long, a model moves.
/// </summary>
public static class ModelPlacement
{
    /// <summary>At most one model for a worker and one worker for a model.</summary>
    /// <param name="waiting">Models with images that wait.</param>
    /// <param name="workers">Those that take work.</param>
    /// <param name="patience">Wait for a model's holders from which on an idle worker is worth the loading.</param>
    public static IReadOnlyList<(string Worker, string Model)> Choose(IEnumerable<WaitingModel> waiting, IReadOnlyCollection<PlacedWorker> workers, TimeSpan patience)
    {
        var models = waiting.Select(model => (model.Model, Holders: workers.Count(worker => worker.Models.Contains(model.Model)), model.Seconds)).ToList();
        var wanted = models.Select(model => model.Model).ToHashSet();
        var free = workers.Where(worker => worker.MayLoad).ToList();
        var chosen = new List<(string Worker, string Model)>();
        foreach (var (model, holders, seconds) in models.OrderBy(model => model.Holders > 0).ThenByDescending(model => model.Seconds / Math.Max(model.Holders, 1)))
        {
            var able = free.Where(worker => worker.CanHold.Contains(model) && !worker.Models.Contains(model));
            if (holders > 0)
            {
                able = seconds / holders > patience.TotalSeconds ? able.Where(worker => worker.InHand == 0 && !worker.Models.Any(wanted.Contains)) : [];
            }

            // idle ones first, of them those whose own models nobody waits for; then the least loaded
            if (able.MinBy(worker => (worker.InHand > 0, worker.Models.Any(wanted.Contains), worker.InHand, worker.Id)) is { } worker)
            {
                chosen.Add((worker.Id, model));
                free.Remove(worker);
            }
        }

        return chosen;
    }
}

/// <summary>A model with images that wait.</summary>
/// <param name="Model">The model.</param>
/// <param name="Seconds">That one worker would need for them.</param>
public sealed record WaitingModel(string Model, double Seconds);

/// <summary>A worker that takes work.</summary>
/// <param name="Id">The worker.</param>
/// <param name="Models">What it holds.</param>
/// <param name="CanHold">What it could load.</param>
/// <param name="InHand">Images it is at.</param>
/// <param name="MayLoad">Whether it may be told to load now.</param>
public sealed record PlacedWorker(string Id, IReadOnlyCollection<string> Models, IReadOnlyCollection<string> CanHold, int InHand, bool MayLoad);
