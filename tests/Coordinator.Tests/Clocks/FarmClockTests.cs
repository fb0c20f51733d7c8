using Npgsql;
using StableDiffusion.Coordinator.Clocks;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Clocks;

public sealed class FarmClockTests(Databases databases)
{
    [Fact]
    public async Task Coordinators_on_machines_whose_clocks_are_apart_agree()
    {
        await using var database = NpgsqlDataSource.Create(await databases.NewAsync());
        var (late, early) = (new FarmClock(new Apart(TimeSpan.FromMinutes(-5))), new FarmClock(new Apart(TimeSpan.FromHours(1))));
        Assert.True(await late.SetAsync(database, Token));
        Assert.True(await early.SetAsync(database, Token));
        // the database is on this machine; half of the asking is what each may be wrong about
        Assert.InRange(late.Ahead, TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(5));
        Assert.Equal(late.GetUtcNow(), early.GetUtcNow(), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_clock_that_goes_right_is_left_alone()
    {
        await using var database = NpgsqlDataSource.Create(await databases.NewAsync());
        var clock = new FarmClock(TimeProvider.System);
        Assert.False(await clock.SetAsync(database, Token));
        Assert.Equal(TimeSpan.Zero, clock.Ahead);
    }

    private sealed class Apart(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
