using MassTransit;
using Npgsql;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Dispatch;

public sealed class LeadershipTests(Databases databases)
{
    [Fact]
    public async Task One_that_is_frozen_is_followed_and_leads_no_more()
    {
        await using var database = NpgsqlDataSource.Create(await databases.NewAsync());
        var (frozenLeads, otherLeads) = (new TaskCompletionSource(), new TaskCompletionSource());
        var frozen = new Leadership(database, await StartedAsync(), new DispatchSignal(), new NoTime()).LeadAsync(leading => LeadAsync(frozenLeads, leading), Token);
        await frozenLeads.Task;

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var other = new Leadership(database, await StartedAsync(), new DispatchSignal(), TimeProvider.System).LeadAsync(leading => LeadAsync(otherLeads, leading), stop.Token);
        await otherLeads.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => frozen);
        Assert.False(other.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);
    }

    [Fact]
    public async Task One_without_a_broker_stands_back_and_one_that_loses_it_is_followed()
    {
        await using var database = NpgsqlDataSource.Create(await databases.NewAsync());
        await using var listener = await database.OpenConnectionAsync(Token);
        await using (var listen = new NpgsqlCommand("LISTEN farm_dispatch", listener))
        {
            await listen.ExecuteNonQueryAsync(Token);
        }

        var (signal, bus, leads, ended) = (new DispatchSignal(), Bus.Factory.CreateUsingInMemory(_ => { }), new TaskCompletionSource(), false);
        signal.Wake();
        var first = new Leadership(database, bus, signal, new FastTime()).LeadAsync(
            async leading =>
            {
                try
                {
                    await LeadAsync(leads, leading);
                }
                finally
                {
                    ended = true;
                }
            },
            Token);
        await listener.WaitAsync(Token); // it passed the wake on, to nobody
        Assert.False(leads.Task.IsCompleted);
        await bus.StartAsync(Token);
        await leads.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var otherLeads = new TaskCompletionSource();
        var other = new Leadership(database, await StartedAsync(), new DispatchSignal(), new FastTime()).LeadAsync(leading => LeadAsync(otherLeads, leading), stop.Token);
        await bus.StopAsync(Token);
        await Assert.ThrowsAsync<TimeoutException>(() => first);
        Assert.True(ended);
        await otherLeads.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);
    }

    private static async Task<IBusControl> StartedAsync()
    {
        var bus = Bus.Factory.CreateUsingInMemory(_ => { });
        await bus.StartAsync(Token);
        return bus;
    }

    private static Task LeadAsync(TaskCompletionSource leads, CancellationToken leading)
    {
        leads.SetResult();
        return Task.Delay(Timeout.Infinite, leading);
    }

    /// <summary>What takes seconds is over at the next look.</summary>
    private sealed class FastTime : TimeProvider
    {
        public override long GetTimestamp() => base.GetTimestamp() * 20;
    }

    /// <summary>For who is frozen, no time passes: it is never time to say something.</summary>
    private sealed class NoTime : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
