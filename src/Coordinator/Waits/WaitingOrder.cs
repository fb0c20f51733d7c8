using StableDiffusion.Coordinator.Scaling;

namespace StableDiffusion.Coordinator.Waits;

/// <summary>What comes before an image in the dispatcher's order (<see cref="Dispatch.FairPick"/>): all of higher priority; of its own priority and owner
/// what was accepted before it; and of the other owners with that priority as much as they are served meanwhile, which is reckoned and not known.</summary>
public static class WaitingOrder
{
    /// <summary>Images and their cost before one of a lane.</summary>
    /// <param name="lanes">All that wait for its model.</param>
    /// <param name="own">Its lane, which need not be among them.</param>
    /// <param name="aheadInLane">Images of its lane before it.</param>
    public static (long Images, double Cost) Before(IEnumerable<WaitingLane> lanes, WaitingLane own, long aheadInLane)
    {
        var (images, cost) = (aheadInLane, aheadInLane * own.Cost);
        var others = new Dictionary<int, (double Weight, long Images, double Cost)>();
        foreach (var lane in lanes.Where(lane => lane.Recipe != own.Recipe && lane.Priority >= own.Priority))
        {
            if (lane.Priority == own.Priority && lane.OwnerId != own.OwnerId)
            {
                var sum = others.GetValueOrDefault(lane.OwnerId);
                others[lane.OwnerId] = (lane.Weight, sum.Images + lane.Images, sum.Cost + (lane.Images * lane.Cost));
            }
            else if (lane.Priority > own.Priority || lane.Recipe < own.Recipe)
            {
                (images, cost) = (images + lane.Images, cost + (lane.Images * lane.Cost));
            }
        }

        // its turn comes when its owner was served all that is before it; until then the others are served, too, each by weight
        var ofOwner = lanes.Where(lane => lane.OwnerId == own.OwnerId && lane.Priority == own.Priority && lane.Recipe < own.Recipe).Sum(lane => lane.Images * lane.Cost);
        var turn = (ofOwner + (aheadInLane * own.Cost)) / own.Weight;
        foreach (var other in others.Values)
        {
            var share = Math.Clamp(turn * other.Weight / other.Cost, 0, 1);
            (images, cost) = (images + (long)Math.Round(other.Images * share), cost + (other.Cost * share));
        }

        return (images, cost);
    }
}
