namespace StableDiffusion.Coordinator.Scaling;

/// <summary>A recipe with images that wait and may be dispatched.</summary>
/// <param name="Recipe">Its id; lower ones were accepted earlier.</param>
/// <param name="Model">Its model.</param>
/// <param name="OwnerId">Whose it is.</param>
/// <param name="Priority">Higher goes first.</param>
/// <param name="Needs">Its <see cref="Batches.Recipe.Needs"/>.</param>
/// <param name="Cost">Of one image, see <see cref="Dispatch.Cost"/>.</param>
/// <param name="Weight">Its owner's share.</param>
/// <param name="Images">How many wait.</param>
public sealed record WaitingLane(long Recipe, string Model, int OwnerId, int Priority, string Needs, double Cost, double Weight, long Images)
{
    /// <summary>When its batch was accepted.</summary>
    public DateTimeOffset Since { get; init; }
}

/// <summary>What is between the backlog and its end, of one model.</summary>
/// <param name="Model">The model.</param>
/// <param name="Unclaimed">Images that are published and that no worker has begun.</param>
/// <param name="UnclaimedCost">Their cost.</param>
/// <param name="Cost">The same, and the rest of what is being drawn.</param>
public sealed record UnderWay(string Model, long Unclaimed, double UnclaimedCost, double Cost);

/// <summary>All work that waits or is under way.</summary>
/// <param name="Lanes">What waits.</param>
/// <param name="UnderWay">What is under way, by model.</param>
public sealed record WorkSnapshot(IReadOnlyList<WaitingLane> Lanes, IReadOnlyDictionary<string, UnderWay> UnderWay);
