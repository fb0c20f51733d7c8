using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Coordinator.Tests.Hosting;

namespace StableDiffusion.Coordinator.Tests;

public sealed class SettingsTests(Databases databases)
{
    [Theory]
    [InlineData("ConnectionStrings:Farm", "")]
    [InlineData("Images:MaxAttempts", "0")]
    [InlineData("Images:RetryDelay", "-00:00:01")]
    [InlineData("Images:MaxLosses", "0")]
    [InlineData("Images:QueueLease", "00:00:01")]
    [InlineData("Images:ForgottenAfter", "00:00:01")]
    [InlineData("Dispatch:Horizon", "-00:00:01")]
    [InlineData("Dispatch:LanesPerOwner", "0")]
    [InlineData("Dispatch:Interval", "00:00:00")]
    [InlineData("Dispatch:PublishTimeout", "00:00:00")]
    [InlineData("Workers:LiveFor", "00:00:00")]
    [InlineData("Workers:ForgetAfter", "00:00:01")]
    [InlineData("Workers:MaxFailures", "1")]
    [InlineData("Keeping:SweepGrace", "00:00:01")]
    [InlineData("Keeping:Rules:0:For", "00:00:00")]
    [InlineData("Batches:MaxImages", "0")]
    [InlineData("Batches:MaxPromptLength", "0")]
    [InlineData("Batches:MaxSide", "0")]
    [InlineData("Batches:MaxSteps", "0")]
    [InlineData("Owners:AdminKey", "too-short")]
    [InlineData("Owners:AdminKey", "a space and more than twenty-four")]
    [InlineData("Owners:RequestsPerMinute", "0")]
    [InlineData("Owners:FailuresPerMinute", "0")]
    public async Task A_wrong_setting_stops_the_start_and_is_named(string setting, string value)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(
            // one that is not found wrong waits for the database for ever: the clock stands
            () => CoordinatorHost.StartAsync("Host=127.0.0.1;Port=1", new() { [setting] = value }).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Contains(setting.Split(":0:")[0], error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Microsoft.EntityFrameworkCore.Database.Connection", LogLevel.Critical, false)]
    [InlineData("Microsoft.EntityFrameworkCore.Query", LogLevel.Critical, false)]
    [InlineData("MassTransit.ReceiveTransport", LogLevel.Warning, false)]
    [InlineData("MassTransit.ReceiveTransport", LogLevel.Error, true)]
    [InlineData("StableDiffusion.Coordinator.Dispatch.Dispatcher", LogLevel.Information, true)]
    public async Task An_outage_is_not_logged_by_all_who_meet_it(string category, LogLevel level, bool isLogged)
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        using var logs = LoggerFactory.Create(logging => logging.AddConfiguration(host.Get<IConfiguration>().GetSection("Logging")).AddSimpleConsole());
        Assert.Equal(isLogged, logs.CreateLogger(category).IsEnabled(level));
    }
}
