using StableDiffusion.Coordinator.Dispatch;

namespace StableDiffusion.Coordinator.Tests.Dispatch;

public sealed class ServedOwnersTests
{
    private readonly ServedOwners served = new();

    [Fact]
    public void Who_used_what_nobody_else_wanted_owes_nothing_for_it()
    {
        Assert.Equal(["a"], Draw(1000, "a"));
        Assert.Empty(Draw(0));
        Assert.Equal(["b"], Draw(10, "b")); // while a has nothing that waits
        Assert.Equal(10, Draw(20, "a", "b").Count(owner => owner == "a"));
    }

    [Fact]
    public void What_was_drawn_with_one_model_is_no_debt_with_another()
    {
        Draw(1000, "a");
        served.Begin("other", [Lane("b", "other")]);
        Assert.Equal(["a", "b"], new FairPick([Lane("a", "other"), Lane("b", "other")], served.Begin("other", [Lane("a", "other"), Lane("b", "other")]))
            .Plan(2, 1).Select(pick => Name(pick.Lane)));
    }

    [Fact]
    public void Being_away_is_no_credit()
    {
        Draw(10, "a", "b");
        Draw(1000, "a");
        Assert.Equal(10, Draw(20, "a", "b").Count(owner => owner == "b"));
    }

    // who was picked, one image after the other
    private List<string> Draw(int images, params string[] owners)
    {
        var lanes = Array.ConvertAll(owners, owner => Lane(owner, "one"));
        var pick = new FairPick(lanes, served.Begin("one", lanes));
        var drawn = Enumerable.Range(0, images).SelectMany(_ => pick.Plan(1, 1)).Select(plan => Name(plan.Lane)).ToList();
        return owners.Length == 1 ? [.. drawn.Distinct()] : drawn;
    }

    private static string Name(Lane lane) => $"{(char)('a' + lane.OwnerId)}";

    private static Lane Lane(string owner, string model) => new(owner[0], model, owner[0] - 'a', 0, "", "[]", 1, 1, 1, 0);
}
