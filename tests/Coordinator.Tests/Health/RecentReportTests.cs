using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StableDiffusion.Coordinator.Health;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Health;

public sealed class RecentReportTests
{
    private readonly TaskCompletionSource slow = new();
    private readonly Clock clock = new();
    private int looks;

    [Fact]
    public async Task However_many_ask_the_servers_are_asked_once_a_second_and_never_twice_at_once()
    {
        await using var services = new ServiceCollection().AddLogging().AddHealthChecks().AddAsyncCheck("server", LookAsync).AddAsyncCheck("another", LookAsync).Services.BuildServiceProvider();
        var recent = new RecentReport(services.GetRequiredService<HealthCheckService>(), clock, check => check == "server");
        var first = recent.ReadAsync(Token);
        clock.Now += TimeSpan.FromMinutes(1);
        var others = Enumerable.Range(0, 20).Select(_ => recent.ReadAsync(Token)).ToList();
        slow.SetResult();
        Assert.All(await Task.WhenAll(others.Append(first)), report => Assert.Equal(["server"], report.Entries.Keys));
        Assert.Equal(1, looks);

        await recent.ReadAsync(Token); // what was found long ago
        await recent.ReadAsync(Token);
        Assert.Equal(2, looks);
        clock.Now += TimeSpan.FromSeconds(1);
        await recent.ReadAsync(Token);
        Assert.Equal(3, looks);
    }

    [Fact]
    public async Task Who_does_not_wait_for_the_answer_leaves_it_to_the_others()
    {
        await using var services = new ServiceCollection().AddLogging().AddHealthChecks().AddAsyncCheck("server", LookAsync).Services.BuildServiceProvider();
        var recent = new RecentReport(services.GetRequiredService<HealthCheckService>(), clock, _ => true);
        using var leaves = new CancellationTokenSource();
        var first = recent.ReadAsync(leaves.Token);
        var second = recent.ReadAsync(Token);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        slow.SetResult();
        Assert.Equal(HealthStatus.Healthy, (await second).Status);
        Assert.Equal(1, looks);
    }

    private async Task<HealthCheckResult> LookAsync()
    {
        Interlocked.Increment(ref looks);
        await slow.Task;
        return HealthCheckResult.Healthy();
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
