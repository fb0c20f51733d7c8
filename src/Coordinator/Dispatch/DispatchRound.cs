using StableDiffusion.Coordinator.Images.Lifecycle;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>
/// One round: fill each model's window from the backlog. The rows are committed before their commands are published; what a crash in
/// between leaves, the next dispatcher supersedes (<see cref="ImageLosses.SupersedeAsync"/>).
/// </summary>
public sealed class DispatchRound(Fleet fleet, Backlog backlog, ServedOwners served, ImageClaims claims, GroupPublisher publisher)
{
    private const int Portion = 1024; // images taken by one statement: the first are published before the last are taken

    /// <summary>Runs the round; how many images were published.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var demands = await fleet.DemandsAsync(cancellationToken);
        if (demands.Count == 0)
        {
            return 0;
        }

        var lanes = await backlog.LanesAsync(demands.Keys, cancellationToken);
        if (lanes.Count == 0)
        {
            return 0;
        }

        var published = 0;
        foreach (var ofModel in lanes.GroupBy(lane => lane.Model))
        {
            var demand = demands[ofModel.Key];
            var times = served.Begin(ofModel.Key, ofModel);
            var ahead = ofModel.First().Unclaimed;
            var room = demand.Window - ahead;
            var anywhere = new List<Lane>();
            foreach (var ofNeeds in ofModel.GroupBy(lane => lane.Needs))
            {
                var targets = await fleet.LookForAsync(ofModel.Key, ofNeeds.Key, cancellationToken);
                published += targets.Count > 0 ? await FillTargetsAsync(ofModel.Key, targets, new FairPick(ofNeeds, times), cancellationToken) : 0;
                anywhere.AddRange(targets.Count > 0 ? [] : ofNeeds);
            }

            // while there is enough to take, a whole group at once: parts would cost a message each, and be drawn no sooner
            var enough = Math.Clamp(demand.Window / 2, 1, demand.GroupSize);
            var spread = ahead > 0 ? demand with { Workers = 1 } : demand; // groups are shared out among workers that have none
            published += room >= enough ? await FillAsync(ofModel.Key, spread, room, new FairPick(anywhere, times), cancellationToken) : 0;
        }

        return published;
    }

    // what only some of the model's workers can draw goes to them by name
    private async Task<int> FillTargetsAsync(string model, IReadOnlyList<Target> targets, FairPick pick, CancellationToken cancellationToken)
    {
        var unclaimed = await backlog.UnclaimedOnAsync(cancellationToken);
        var published = 0;
        foreach (var target in targets)
        {
            var room = target.GroupSize - unclaimed.GetValueOrDefault(target.Id);
            published += room > 0 ? await FillAsync(model, new Demand(1, target.GroupSize, room), room, pick, cancellationToken, target.Id) : 0;
        }

        return published;
    }

    private async Task<int> FillAsync(string model, Demand demand, int room, FairPick pick, CancellationToken cancellationToken, string? worker = null)
    {
        var published = 0;
        var taken = new List<TakenImage>();
        var laneOf = new Dictionary<long, Lane>();
        var empty = new List<long>();
        while (room > 0 && pick.Plan(Math.Min(room, Portion), demand.GroupSize) is { Count: > 0 } plan)
        {
            var images = await claims.TakeAsync([.. plan.Select(lane => (lane.Lane.Recipe, lane.Count))], cancellationToken, worker);
            taken.AddRange(images);
            room -= images.Count;
            var counts = images.CountBy(image => image.RecipeId).ToDictionary();
            foreach (var (lane, count) in plan)
            {
                laneOf[lane.Recipe] = lane;
                if (counts.GetValueOrDefault(lane.Recipe) is var got && got < count)
                {
                    pick.Exhausted(lane, count - got);
                    empty.Add(lane.Recipe);
                }
            }

            if (taken.Count >= Portion)
            {
                var sent = await publisher.PublishAsync(model, worker, Groups(taken, laneOf, demand), cancellationToken);
                room = sent == taken.Count ? room : 0; // a broker that is away is not asked again and again
                published += sent;
                taken.Clear();
            }
        }

        published += await publisher.PublishAsync(model, worker, Groups(taken, laneOf, demand), cancellationToken);
        if (empty.Count > 0)
        {
            await backlog.CloseAsync(empty, cancellationToken);
        }

        return published;
    }

    // Images that may share a network call, in groups small enough that every worker gets some. What was at hand when workers were lost goes alone, so
    // that company does not share the blame for the next.
    private static IEnumerable<TakenImage[]> Groups(List<TakenImage> taken, Dictionary<long, Lane> laneOf, Demand demand)
    {
        var size = Math.Clamp((taken.Count + demand.Workers - 1) / demand.Workers, 1, demand.GroupSize);
        return taken.Where(image => image.Losses == 0).GroupBy(image => laneOf[image.RecipeId].GroupKey)
            .SelectMany(compatible => compatible.Chunk(FairPick.WholeCalls(size, laneOf[compatible.First().RecipeId].BatchClass)))
            .Concat(taken.Where(image => image.Losses > 0).Select(image => new[] { image }));
    }
}
