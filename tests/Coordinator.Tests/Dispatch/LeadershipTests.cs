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
        var frozen = new Leadership(database, new DispatchSignal(), new NoTime()).LeadAsync(leading => LeadAsync(frozenLeads, leading), Token);
        await frozenLeads.Task;

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var other = new Leadership(database, new DispatchSignal(), TimeProvider.System).LeadAsync(leading => LeadAsync(otherLeads, leading), stop.Token);
        await otherLeads.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => frozen);
        Assert.False(other.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);
    }

    private static Task LeadAsync(TaskCompletionSource leads, CancellationToken leading)
    {
        leads.SetResult();
        return Task.Delay(Timeout.Infinite, leading);
    }

    /// <summary>For who is frozen, no time passes: it is never time to say something.</summary>
    private sealed class NoTime : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
