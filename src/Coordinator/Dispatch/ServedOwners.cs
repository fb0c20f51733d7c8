namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>
/// What owners were served of each model, as virtual time: work over weight (start-time fair queueing; Goyal, Vin, Cheng 1996). Whoever begins to wait
/// begins where the model is by now, or where they were themselves if that is later: having had nothing that waited is no credit, and having used
/// what nobody else wanted is no debt. Kept by the coordinator that dispatches; another begins with all alike.
/// </summary>
public sealed class ServedOwners
{
    private readonly Dictionary<string, OfModel> models = [];

    /// <summary>Begins a round.</summary>
    /// <param name="model">What is waited for.</param>
    /// <param name="lanes">All that wait for it.</param>
    /// <returns>The virtual times of their owners; charge them there.</returns>
    public Dictionary<int, double> Begin(string model, IEnumerable<Lane> lanes)
    {
        if (!models.TryGetValue(model, out var of))
        {
            models[model] = of = new OfModel();
        }

        of.Begin([.. lanes.Select(lane => lane.OwnerId)]);
        return of.Times;
    }

    private sealed class OfModel
    {
        private HashSet<int> waited = [];

        public Dictionary<int, double> Times { get; } = [];

        public void Begin(HashSet<int> waiting)
        {
            var still = waiting.Where(waited.Contains).ToList();
            var now = still.Count > 0 ? still.Min(owner => Times[owner]) : Times.Values.DefaultIfEmpty(0).Max();
            foreach (var owner in waiting.Where(owner => !waited.Contains(owner)))
            {
                Times[owner] = Math.Max(Times.GetValueOrDefault(owner), now);
            }

            foreach (var owner in Times.Keys.Where(owner => !waiting.Contains(owner) && Times[owner] <= now).ToList())
            {
                Times.Remove(owner); // would begin at now all the same
            }

            waited = waiting;
        }
    }
}
