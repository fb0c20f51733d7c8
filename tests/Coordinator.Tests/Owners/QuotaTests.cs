using System.Net;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Owners.Limits;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Owners;

public sealed class QuotaTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await GuardedHost.StartAsync(databases);

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task More_than_may_wait_is_refused_until_there_is_room()
    {
        var key = await host.NewKeyAsync(limits: new { max_waiting = 10 });
        Assert.Equal(HttpStatusCode.Created, (await host.SubmitAsync(key, 6)).StatusCode);
        var refused = await host.SubmitAsync(key, 5);
        Assert.NotNull(refused.Headers.RetryAfter?.Delta);
        Assert.StartsWith("The batch has 5 images, and 6 of 10 that may be on their way are.", await refused.RefusalAsync(429), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, (await host.SubmitAsync(key, 4)).StatusCode);

        await host.Db.Batches.Where(batch => batch.Images == 6).ExecuteUpdateAsync(set => set.SetProperty(batch => batch.Open, 1), Token); // five are drawn
        Assert.Equal(HttpStatusCode.Created, (await host.SubmitAsync(key, 5)).StatusCode);
        Assert.Equal(10, (await (await host.GetAsync(key, "/v1/me")).ReadAsync<MeResponse>()).Waiting);
    }

    [Fact]
    public async Task Images_that_are_tried_again_need_room_too_and_none_moves_without_it()
    {
        var key = await host.NewKeyAsync(limits: new { max_waiting = 4, max_images_per_day = 8 });
        var batch = await (await host.SubmitAsync(key, 4)).ReadAsync<BatchResponse>();
        await (await host.SendAsync(key, HttpMethod.Post, $"{batch.Url}/cancel")).ReadAsync<BatchResponse>();
        Assert.Equal(HttpStatusCode.Created, (await host.SubmitAsync(key, 2)).StatusCode);

        var named = new { images = new[] { 0, 1, 2 } };
        Assert.Contains("3 images would wait again, and 2 of 4", await (await host.SendAsync(key, HttpMethod.Post, $"{batch.Url}/retry", named)).RefusalAsync(429), StringComparison.Ordinal);
        Assert.Equal(4, (await (await host.GetAsync(key, batch.Url)).ReadAsync<BatchResponse>()).Counts.Cancelled);
        var again = await (await host.SendAsync(key, HttpMethod.Post, $"{batch.Url}/retry", new { images = new[] { 0, 1 } })).ReadAsync<BatchResponse>();
        Assert.Equal((2, 2), (again.Counts.Queued, again.Counts.Cancelled));
        Assert.Equal(6, (await (await host.GetAsync(key, "/v1/me")).ReadAsync<MeResponse>()).ImagesToday); // accepted once
    }

    [Fact]
    public async Task A_day_has_so_many_images_and_the_next_has_them_again()
    {
        var key = await host.NewKeyAsync(limits: new { max_images_per_day = 10 });
        Assert.Equal(HttpStatusCode.Created, (await host.SubmitAsync(key, 8)).StatusCode);
        var refused = await host.SubmitAsync(key, 3);
        var midnight = host.Time.GetUtcNow().UtcDateTime.Date.AddDays(1);
        Assert.Equal(Math.Ceiling((midnight - host.Time.GetUtcNow().UtcDateTime).TotalSeconds), refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
        Assert.Contains("8 of 10", await refused.RefusalAsync(429), StringComparison.Ordinal);
        Assert.Equal(8, (await (await host.GetAsync(key, "/v1/me")).ReadAsync<MeResponse>()).ImagesToday); // what was refused does not count

        await host.Db.Batches.ExecuteDeleteAsync(Token); // and what is deleted does
        await (await host.SubmitAsync(key, 3)).RefusalAsync(429);
        host.Time.Advance(midnight - host.Time.GetUtcNow().UtcDateTime);
        await host.ReportWorkerAsync();
        Assert.Equal(HttpStatusCode.Created, (await host.SubmitAsync(key, 10)).StatusCode);
        Assert.Equal(10, (await (await host.GetAsync(key, "/v1/me")).ReadAsync<MeResponse>()).ImagesToday);
    }

    [Theory]
    [InlineData("max_waiting")]
    [InlineData("max_images_per_day")]
    public async Task A_batch_that_could_never_pass_is_not_told_to_wait(string limit)
    {
        var key = await host.NewKeyAsync(limits: new Dictionary<string, object> { [limit] = 10 });
        var refused = await host.SubmitAsync(key, 11);
        Assert.Null(refused.Headers.RetryAfter);
        Assert.Contains("send fewer at once", await refused.RefusalAsync(403), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_submissions_at_once_the_second_waits_and_then_sees_the_first()
    {
        var owner = await host.AddOwnerAsync("ada", new { max_waiting = 10 });
        var key = (await host.AddKeyAsync(owner)).Key;
        await (await host.SubmitAsync(key)).ReadAsync<BatchResponse>(); // the row of the day is there
        await using var transaction = await host.Db.Database.BeginTransactionAsync(Token);
        await host.Get<Quotas>().CheckAsync(owner.Id, 6, 0, Token);
        var second = host.SubmitAsync(key, 6);
        await using var watch = new NpgsqlConnection(host.Db.Database.GetConnectionString());
        await watch.OpenAsync(Token);
        await EventuallyAsync(async () =>
        {
            await using var waiting = new NpgsqlCommand("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'", watch);
            return (long)(await waiting.ExecuteScalarAsync(Token))! == 1;
        });
        await host.Db.Batches.ExecuteUpdateAsync(set => set.SetProperty(batch => batch.Open, 7), Token); // as if the first had added its images
        await transaction.CommitAsync(Token);
        Assert.Contains("7 of 10", await (await second).RefusalAsync(429), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_submissions_at_once_never_pass_the_limit()
    {
        var key = await host.NewKeyAsync(limits: new { max_waiting = 10 });
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.SubmitAsync(key, 3)));
        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.Created));
        Assert.Equal(5, answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
        Assert.Equal(9, await host.Db.Images.CountAsync(Token));
    }

    [Fact]
    public async Task An_owner_without_limits_waits_for_nobody()
    {
        var owner = await host.AddOwnerAsync("ada");
        await using var transaction = await host.Db.Database.BeginTransactionAsync(Token);
        await host.Get<Quotas>().CheckAsync(owner.Id, 1_000_000, 100, Token);
        Assert.Empty(await host.Db.DayUses.ToListAsync(Token));
    }

    [Fact]
    public async Task A_priority_above_the_owners_is_refused_at_submission_and_later()
    {
        var key = await host.NewKeyAsync(limits: new { max_priority = 5 });
        var refused = await host.SendAsync(key, HttpMethod.Post, "/v1/batches", new BatchRequest { Prompt = "a", Priority = 6 });
        Assert.Null(refused.Headers.RetryAfter);
        Assert.Equal("The batch has priority 6; yours may have 5 at most.", await refused.RefusalAsync(403));
        var batch = await (await host.SendAsync(key, HttpMethod.Post, "/v1/batches", new BatchRequest { Prompt = "a", Priority = 5 })).ReadAsync<BatchResponse>();
        await (await host.SendAsync(key, HttpMethod.Patch, batch.Url, new { priority = 6 })).RefusalAsync(403);
        Assert.Equal(6, (await (await host.SendAsync(GuardedHost.AdminKey, HttpMethod.Patch, batch.Url, new { priority = 6 })).ReadAsync<BatchResponse>()).Priority);
    }
}
