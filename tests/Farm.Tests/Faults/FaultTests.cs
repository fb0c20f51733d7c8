using RabbitMQ.Client;
using StableDiffusion.Contracts;
using StableDiffusion.Farm.Soak.Faults;
using StableDiffusion.Farm.Tests.EndToEnd;
using StableDiffusion.Farm.Trials;

namespace StableDiffusion.Farm.Tests.Faults;

/// <summary>What <c>./farm soak</c> does at length, once each: whatever part of a farm fails, all that was asked for is there in the end, once, with the
/// bytes that it has when nothing fails.</summary>
[Collection(OnRealServers.Name)]
public sealed class FaultTests(TestServers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Images_of_a_killed_worker_are_drawn_elsewhere()
    {
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 1, Cancelled);
        await trial.StrikeAsync(Fault.Of("kill -9 of a worker"), Cancelled);
        await trial.EndAndAuditAsync(Cancelled);
        Assert.NotEqual(0, await trial.CountAsync("SELECT count(*) FROM attempts WHERE outcome = 'lost'", Cancelled));
    }

    [Fact]
    public async Task A_worker_that_ends_hands_its_images_back_and_none_of_them_has_failed()
    {
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 1, Cancelled);
        await trial.StrikeAsync(Fault.Of("end of a worker"), Cancelled);
        await trial.EndAndAuditAsync(Cancelled);
        Assert.Equal(0, await trial.CountAsync("SELECT count(*) FROM images WHERE failures > 0", Cancelled));
    }

    [Fact]
    public async Task A_killed_coordinator_is_followed_by_the_other()
    {
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 2, Cancelled);
        await trial.StrikeAsync(Fault.Of("kill -9 of a coordinator"), Cancelled);
        await trial.EndAndAuditAsync(Cancelled);
    }

    [Fact]
    public async Task Work_goes_on_while_the_coordinator_that_dispatches_is_frozen()
    {
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 2, Cancelled);
        var first = trial.Farm.Coordinators.Keys.First();
        await first.FreezeAsync(Cancelled);
        await trial.EndAsync(Cancelled);
        await first.ResumeAsync(Cancelled);
        await trial.EndAndAuditAsync(Cancelled);
    }

    [Fact]
    public async Task Work_goes_on_while_the_coordinator_that_dispatches_is_cut_off_from_the_broker()
    {
        using var line = new BrokerLine();
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 2, Cancelled, line.To);
        line.Dispose();
        await trial.EndAndAuditAsync(Cancelled);
    }

    [Fact]
    public async Task Queues_that_somebody_deletes_are_made_again_and_what_lay_there_is_sent_again()
    {
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 1, Cancelled);
        await using var broker = await new ConnectionFactory { Uri = new Uri(trial.Farm.Settings["RabbitMq__Uri"]) }.CreateConnectionAsync(Cancelled);
        await using var channel = await broker.CreateChannelAsync(cancellationToken: Cancelled);
        foreach (var queue in new[] { Queues.Render(FreeRenderer.Model), Queues.Claims, Queues.Images, Queues.Workers })
        {
            await channel.QueueDeleteAsync(queue, cancellationToken: Cancelled);
        }

        await trial.EndAndAuditAsync(Cancelled);
    }

    [Fact]
    public async Task A_restart_of_RabbitMQ_loses_nothing()
    {
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 1, Cancelled);
        await trial.StrikeAsync(Fault.Of("restart of RabbitMQ"), Cancelled);
        await trial.EndAndAuditAsync(Cancelled);
    }

    [Fact]
    public async Task A_restart_of_PostgreSQL_loses_nothing()
    {
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 1, Cancelled);
        await trial.StrikeAsync(Fault.Of("restart of PostgreSQL"), Cancelled);
        await trial.EndAndAuditAsync(Cancelled);
    }

    [Fact]
    public async Task Pictures_that_the_object_store_did_not_take_are_there_once_it_is_back()
    {
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 1, Cancelled);
        await trial.StrikeAsync(Fault.Of("object store away"), Cancelled);
        await trial.EndAndAuditAsync(Cancelled);
    }

    [Fact]
    public async Task A_worker_that_was_frozen_past_its_lease_changes_nothing_when_it_returns()
    {
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 1, Cancelled);
        await trial.StrikeAsync(Fault.Of("freeze of a worker"), Cancelled);
        await trial.EndAndAuditAsync(Cancelled);
        Assert.NotEqual(0, await trial.CountAsync("SELECT count(*) FROM attempts WHERE outcome = 'lost'", Cancelled));
    }

    [Fact]
    public async Task Messages_that_come_twice_and_out_of_order_change_nothing()
    {
        await using var trial = await FaultTrial.StartAsync(servers, coordinators: 1, Cancelled);
        await using (var copies = await trial.CopyMessagesAsync(Cancelled))
        {
            await trial.EndAsync(Cancelled);
            Assert.NotEqual(0, copies.Copies);
        }

        await trial.EndAndAuditAsync(Cancelled);
        Assert.Equal(0, await trial.CountAsync("SELECT count(*) FROM images WHERE attempts > 1", Cancelled));
    }
}
