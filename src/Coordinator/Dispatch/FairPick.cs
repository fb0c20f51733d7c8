namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>
/// Chooses among lanes: higher priority first; among equals the owner who was served least for their weight; of one owner the oldest
/// lane. Each pick charges its owner at once, so that picks alternate between owners who wait. (Start-time fair queueing, with an owner's
/// served work as virtual time.)
/// </summary>
/// <param name="lanes">What waits for one model.</param>
/// <param name="served">Each owner's virtual time; charged here.</param>
public sealed class FairPick(IEnumerable<Lane> lanes, Dictionary<int, double> served)
{
    private readonly List<Lane> waiting = [.. lanes];

    /// <summary>Plans up to <paramref name="room"/> images, some groups of a lane at a time, and never a part of a network call.</summary>
    /// <returns>Lanes with the images to take of each, in the order they are to go.</returns>
    public IReadOnlyList<(Lane Lane, int Count)> Plan(int room, int groupSize)
    {
        var plan = new List<(Lane Lane, int Count)>();
        var turn = Math.Max(groupSize, room / 32); // so that a wide window is not planned in thousands of turns
        while (room > 0 && waiting.Count > 0)
        {
            var lane = waiting.MinBy(lane => (-lane.Priority, served.GetValueOrDefault(lane.OwnerId), lane.Recipe))!;
            var count = WholeCalls(Math.Min(turn, room), lane.BatchClass);
            plan.Add((lane, count));
            Charge(lane, count);
            room -= count;
        }

        return [.. plan.GroupBy(pick => pick.Lane).Select(ofLane => (ofLane.Key, ofLane.Sum(pick => pick.Count)))];
    }

    /// <summary>A lane had fewer images than were planned: the rest is not charged, and it is not asked again.</summary>
    public void Exhausted(Lane lane, int missing)
    {
        Charge(lane, -missing);
        waiting.Remove(lane);
    }

    /// <summary>A call of the networks is never split between workers: what it lacks of its class would be filled up on both.</summary>
    public static int WholeCalls(int size, int batchClass) => Math.Max(size / batchClass, 1) * batchClass;

    private void Charge(Lane lane, int count) =>
        served[lane.OwnerId] = served.GetValueOrDefault(lane.OwnerId) + (count * lane.Cost / lane.Weight);
}
