using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Owners;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Watching;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Dispatch;

public sealed class DispatchRoundTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_round_publishes_a_group_for_each_worker_that_takes_work()
    {
        var batch = await host.SubmitAsync(20);
        Assert.Equal(4, await host.RunRoundAsync());
        Assert.Equal(0, await host.RunRoundAsync());
        await host.ReportWorkerAsync("worker-2");
        Assert.Equal(4, await host.RunRoundAsync());

        var commands = await CommandsAsync(images: 8);
        Assert.Equal([4, 4], commands.Select(command => command.Images.Count));
        Assert.Equal(Enumerable.Range(0, 8).Select(i => 7L + i), commands.SelectMany(command => command.Images).Select(image => image.Seed));
        var (first, image) = (commands[0], commands[0].Images[0]);
        Assert.Equal(CoordinatorHost.Model, first.Model);
        Assert.StartsWith($"batches/{batch.Id}/00000-7-", image.ObjectKey, StringComparison.Ordinal);
        Assert.Equal((batch.Settings, batch.Id), (image.SettingsOf(first.Settings), image.BatchId));
    }

    [Fact]
    public async Task What_workers_claim_makes_room()
    {
        await host.SubmitAsync(20);
        await host.RunRoundAsync();
        var command = Assert.Single(await CommandsAsync(images: 4));
        Assert.Equal(0, await host.RunRoundAsync());
        await host.Get<ImageClaims>().ClaimAsync(Claim("worker-1", [.. command.Images.Take(3).Select(image => new AttemptReference(image.ImageId, image.AttemptId))]), Token);
        Assert.Equal(3, await host.RunRoundAsync());
    }

    [Fact]
    public async Task A_worker_that_draws_fast_has_more_waiting_for_it()
    {
        await host.SubmitAsync(100);
        await host.Get<WorkerRegister>().BeatAsync([CoordinatorHost.Beat("worker-1", host.Time.GetUtcNow()) with { Throughput = 100 }], Token);
        host.Get<Fleet>().Changed();
        Assert.Equal(25, await host.RunRoundAsync());
    }

    [Fact]
    public async Task Higher_priority_goes_first_and_a_changed_one_counts_at_once()
    {
        await host.ReportWorkerAsync();
        var low = await host.SubmitAsync(new BatchRequest { Prompt = "low", NIter = 8 });
        await host.SubmitAsync(new BatchRequest { Prompt = "high", NIter = 6, Priority = 5 });
        Assert.Equal(["high", "high", "high", "high"], await DrainAsync());
        await host.Get<BatchActions>().PrioritizeAsync(low.Id, 9, Token);
        Assert.Equal(["low", "low", "low", "low"], await DrainAsync());
    }

    [Fact]
    public async Task Owners_take_turns_by_weight_whatever_each_has_waiting()
    {
        await host.ReportWorkerAsync(groupSize: 2);
        var (large, heavy) = (await AddOwnerAsync("large", 1), await AddOwnerAsync("heavy", 3));
        await AddAsync(large, "large", 1000);
        await AddAsync(heavy, "heavy", 1000);
        var drawn = new List<string>();
        for (var round = 0; round < 20; round++)
        {
            drawn.AddRange(await DrainAsync());
        }

        Assert.Equal((10, 30), (drawn.Count(prompt => prompt == "large"), drawn.Count(prompt => prompt == "heavy")));
        var late = await AddOwnerAsync("late", 1); // was never served, and gets no credit for it
        await AddAsync(late, "late", 1000);
        drawn.Clear();
        for (var round = 0; round < 20; round++)
        {
            drawn.AddRange(await DrainAsync());
        }

        Assert.InRange(drawn.Count(prompt => prompt == "late"), 6, 10); // a fifth of 40
    }

    [Fact]
    public async Task Suspects_are_sent_alone()
    {
        await host.SubmitAsync(4);
        await host.Db.Images.Where(image => image.Index < 2).ExecuteUpdateAsync(image => image.SetProperty(i => i.Losses, 1), Token);
        await host.RunRoundAsync();
        Assert.Equal(
            [(1, true), (1, true), (2, false)], (await CommandsAsync(images: 4)).Select(command => (command.Images.Count, command.Alone)).OrderBy(command => command.Count));
    }

    [Fact]
    public async Task A_lane_that_is_empty_is_not_looked_at_again_until_something_is_put_back()
    {
        await host.SubmitAsync(1);
        await host.RunRoundAsync();
        var of = Assert.Single(await CommandsAsync(images: 1)).Images[0];
        Assert.False(await host.Db.Recipes.Select(recipe => recipe.Waiting).SingleAsync(Token));
        await host.ClaimAsync(new(of.ImageId, of.AttemptId));
        await host.FailAsync(Failed(new(of.ImageId, of.AttemptId), retryable: true));
        Assert.Equal(0, await host.RunRoundAsync()); // not yet
        host.Time.Advance(new ImageOptions().RetryDelay);
        Assert.Equal(1, await host.RunRoundAsync());
    }

    [Fact]
    public async Task A_lane_sleeps_until_the_first_of_all_its_images_may_be_tried_again()
    {
        await host.SubmitAsync(2000);
        var (soon, late) = (host.Time.GetUtcNow() + TimeSpan.FromSeconds(10), host.Time.GetUtcNow() + TimeSpan.FromMinutes(5));
        await host.Db.Images.ExecuteUpdateAsync(image => image.SetProperty(i => i.NotBefore, i => i.Index == 1999 ? soon : late), Token);
        Assert.Equal(0, await host.RunRoundAsync());
        Assert.Equal(soon, await host.Db.Recipes.Select(recipe => recipe.NotBefore).SingleAsync(Token));
        host.Time.Set(soon);
        Assert.Equal(1, await host.RunRoundAsync());

        await host.Db.Images.Where(image => image.Index == 1998).ExecuteUpdateAsync(image => image.SetProperty(i => i.NotBefore, (DateTimeOffset?)null), Token);
        var lane = await host.Db.Recipes.Select(recipe => recipe.Id).SingleAsync(Token);
        await host.Get<Backlog>().CloseAsync([lane], Token); // what was put back just before
        Assert.True(await host.Db.Recipes.AnyAsync(recipe => recipe.Waiting && recipe.NotBefore == null, Token));
    }

    [Fact]
    public async Task The_oldest_batch_goes_first()
    {
        await host.ReportWorkerAsync(groupSize: 6);
        await host.SubmitAsync(new BatchRequest { Prompt = "a", NIter = 4 });
        await host.SubmitAsync(new BatchRequest { Prompt = "b", NIter = 4 });
        Assert.Equal(["a", "a", "a", "a", "b", "b"], await DrainAsync());
    }

    [Fact]
    public async Task Images_that_cannot_share_a_network_call_are_not_grouped()
    {
        await host.ReportWorkerAsync();
        await host.SubmitAsync(new BatchRequest { Prompts = ["a", "b"], Seed = 1 });
        await host.SubmitAsync(new BatchRequest { Prompt = "c", Width = 128 });
        await host.SubmitAsync(new BatchRequest { Prompt = "d", NegativePrompt = "not this", Seed = 5 });
        await host.RunRoundAsync();
        var commands = await CommandsAsync(images: 4);
        Assert.Equal([["a", "b", "d"], ["c"]], commands.Select(command => command.Images.Select(image => image.Prompt)).OrderBy(group => group.First(), StringComparer.Ordinal));
    }

    [Fact]
    public async Task Images_that_share_a_call_are_not_split_between_workers()
    {
        foreach (var worker in new[] { "worker-1", "worker-2" })
        {
            var report = CoordinatorHost.Registered(worker, host.Time.GetUtcNow());
            await host.Get<WorkerRegister>().RegisterAsync(report with { Models = [CoordinatorHost.Description with { BatchClass = 4 }] }, Token);
        }

        await host.SubmitAsync(new BatchRequest { Prompt = "a", Seed = 0, NIter = 6 });
        await host.RunRoundAsync();
        Assert.Equal([4, 2], (await CommandsAsync(images: 6)).Select(command => command.Images.Count)); // and not three each
    }

    [Fact]
    public async Task Work_waits_while_no_worker_holds_its_model()
    {
        await host.SubmitAsync(3);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, await host.RunRoundAsync());
        await host.ReportWorkerAsync("worker-2");
        Assert.Equal(3, await host.RunRoundAsync());
    }

    [Fact]
    public async Task Nothing_is_published_for_a_worker_that_has_left()
    {
        await host.SubmitAsync(3);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await host.BeatAsync(leaving: true);
        Assert.Equal(0, await host.RunRoundAsync());
    }

    [Fact]
    public async Task A_publish_that_fails_puts_the_images_back_without_a_failure()
    {
        await host.SubmitAsync(2);
        var publisher = new GroupPublisher(
            host.Get<Backlog>(), host.Get<Fleet>(), host.Get<ImageLosses>(), host.Get<FarmMeter>(), new NoBroker(), host.Time, Options.Create(new DispatchOptions()), Options.Create(new ImageOptions()),
            NullLogger<GroupPublisher>.Instance);
        var round = new DispatchRound(host.Get<Fleet>(), host.Get<Backlog>(), host.Get<ServedOwners>(), host.Get<ImageClaims>(), publisher);
        Assert.Equal(0, await round.RunAsync(Token));
        Assert.All(host.Db.Images.AsNoTracking(), image => Assert.Equal((ImageState.Queued, 0), (image.State, image.Failures)));
        Assert.Equal(2, await host.RunRoundAsync());
    }

    [Fact]
    public async Task What_was_taken_of_a_batch_that_is_deleted_meanwhile_holds_nothing_up()
    {
        var deleted = await host.SubmitAsync(1);
        var kept = await host.SubmitAsync(1);
        var taken = await host.TakeAsync(2);
        await host.Db.Batches.Where(batch => batch.Id == deleted.Id).ExecuteDeleteAsync(Token);
        var publisher = new GroupPublisher(
            new Backlog(host.Db, host.Get<Fleet>(), new RecipeCache(), host.Time, Options.Create(new DispatchOptions())), host.Get<Fleet>(), host.Get<ImageLosses>(), host.Get<FarmMeter>(),
            host.Bus, host.Time, Options.Create(new DispatchOptions()), Options.Create(new ImageOptions()), NullLogger<GroupPublisher>.Instance);
        Assert.Equal(0, await publisher.PublishAsync(CoordinatorHost.Model, null, [[taken[0]]], Token));
        Assert.Equal(2, await publisher.PublishAsync(CoordinatorHost.Model, null, [[taken[0], taken[1]]], Token));
        var command = Assert.Single(await CommandsAsync(images: 2));
        Assert.Equal(kept.Settings, command.Images[1].SettingsOf(command.Settings));
    }

    // a round, whose images are claimed; their prompts in the order of their rows
    private async Task<List<string>> DrainAsync()
    {
        var count = await host.RunRoundAsync();
        var images = (await CommandsAsync(count)).SelectMany(command => command.Images).ToList();
        await host.Get<ImageClaims>().ClaimAsync(Claim("worker-1", [.. images.Select(image => new AttemptReference(image.ImageId, image.AttemptId))]), Token);
        return images.ConvertAll(image => image.Prompt);
    }

    private async Task<int> AddOwnerAsync(string name, double weight)
    {
        var owner = new Owner { Name = name, Weight = weight };
        host.Db.Owners.Add(owner);
        await host.Db.SaveChangesAsync(Token);
        return owner.Id;
    }

    private async Task AddAsync(int owner, string prompt, int count)
    {
        var settings = (await host.SubmitAsync(new BatchRequest { Prompt = "unused" })).Settings;
        await host.Db.Recipes.Where(recipe => recipe.OwnerId == Owner.Default).ExecuteUpdateAsync(recipe => recipe.SetProperty(r => r.Held, true), Token);
        var recipe = new ResolvedRecipe(ResolvedPrompt.Without(settings), $"of {prompt}");
        await host.Get<BatchStore>().AddAsync(
            new BatchHead { OwnerId = owner }, new ResolvedBatch([recipe], [new(prompt, "", null, null)], [.. Enumerable.Range(0, count).Select(seed => new ResolvedImage(0, 0, seed))], []), Token);
    }

    private async Task<List<RenderImages>> CommandsAsync(int images)
    {
        var commands = new List<RenderImages>();
        while (commands.Sum(command => command.Images.Count) < images)
        {
            commands.Add(await host.Commands.Reader.ReadAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token));
        }

        // the transport may deliver two commands in either order
        return [.. commands.OrderBy(command => command.Images[0].Seed)];
    }

    private sealed class NoBroker : ISendEndpointProvider
    {
        public Task<ISendEndpoint> GetSendEndpoint(Uri address) => throw new TimeoutException("the broker is away");

        public ConnectHandle ConnectSendObserver(ISendObserver observer) => throw new NotSupportedException();
    }
}
