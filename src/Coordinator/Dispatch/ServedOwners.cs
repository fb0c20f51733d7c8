namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>Who waited in the last round: an owner who comes back from having nothing that waits gets no credit for the time away.</summary>
public sealed class ServedOwners
{
    private HashSet<int> waited = [];

    /// <summary>Begins a round.</summary>
    /// <param name="lanes">All that wait.</param>
    /// <returns>The virtual times of their owners.</returns>
    public Dictionary<int, double> Begin(IReadOnlyCollection<Lane> lanes)
    {
        var served = lanes.DistinctBy(lane => lane.OwnerId).ToDictionary(lane => lane.OwnerId, lane => lane.Served);
        var least = served.Where(owner => waited.Contains(owner.Key)).Select(owner => owner.Value).DefaultIfEmpty(double.NegativeInfinity).Min();
        var times = served.ToDictionary(owner => owner.Key, owner => waited.Contains(owner.Key) ? owner.Value : Math.Max(owner.Value, least));
        waited = [.. served.Keys];
        return times;
    }
}
