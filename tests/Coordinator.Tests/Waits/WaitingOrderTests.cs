using StableDiffusion.Coordinator.Scaling;
using StableDiffusion.Coordinator.Waits;

namespace StableDiffusion.Coordinator.Tests.Waits;

public sealed class WaitingOrderTests
{
    [Fact]
    public void Of_one_owner_what_has_higher_priority_or_came_earlier_is_before()
    {
        WaitingLane[] lanes = [Lane(1, images: 10), Lane(2, images: 20, cost: 2), Lane(3, images: 40), Lane(4, images: 80, priority: 1), Lane(5, images: 160, priority: -1)];
        Assert.Equal((10 + 5 + 80, 10 + (5 * 2) + 80), WaitingOrder.Before(lanes, lanes[1], 5));
    }

    [Fact]
    public void Owners_of_equal_weight_take_turns()
    {
        WaitingLane[] lanes = [Lane(1, images: 1000), Lane(2, owner: 2, images: 10)];
        Assert.Equal((4 + 4, 8), WaitingOrder.Before(lanes, lanes[1], 4));
        Assert.Equal((100 + 10, 110), WaitingOrder.Before(lanes, lanes[0], 100)); // the other has no more than ten
    }

    [Fact]
    public void Who_weighs_more_goes_before()
    {
        WaitingLane[] lanes = [Lane(1, images: 1000), Lane(2, owner: 2, images: 10, weight: 3)];
        Assert.Equal(2 + 6, WaitingOrder.Before(lanes, lanes[0], 2).Images);
    }

    private static WaitingLane Lane(long recipe, long images, int owner = 1, int priority = 0, double cost = 1, double weight = 1) =>
        new(recipe, "a", owner, priority, "[]", cost, weight, images);
}
