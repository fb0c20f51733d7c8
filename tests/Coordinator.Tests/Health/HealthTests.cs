using System.Net;
using System.Net.Http.Json;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Farm.Servers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Health;

public sealed class HealthTests(Databases databases)
{
    [Fact]
    public async Task A_coordinator_whose_servers_answer_is_healthy()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        using var answer = await host.Client.GetAsync(new Uri("/health", UriKind.Relative), Token);
        var text = await answer.Content.ReadAsStringAsync(Token);
        Assert.True(answer.IsSuccessStatusCode, text);
        Assert.All(["postgres", "masstransit-bus", "objects"], check => Assert.Contains($"\"{check}\":{{\"status\":\"healthy\"", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_object_store_that_is_away_is_said_and_keeps_nobody_from_asking_and_submitting()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync(), new()
        {
            ["Objects:Kind"] = "s3", ["Objects:S3:ServiceUrl"] = "http://127.0.0.1:9", ["Objects:S3:Bucket"] = "away", ["Objects:S3:AccessKey"] = "a", ["Objects:S3:SecretKey"] = "b",
            ["Objects:S3:Timeout"] = "00:00:01",
        });
        await host.ReportWorkerAsync();

        using var health = await host.Client.GetAsync(new Uri("/health", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        using var ready = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        await host.SubmitAsync(1);
    }

    [Fact]
    public async Task A_database_that_is_away_is_said_and_survived()
    {
        await using var server = await PostgresServer.StartAsync(Token);
        await using var host = await CoordinatorHost.StartAsync(server.ConnectionString("postgres"));
        await host.ReportWorkerAsync();
        server.Kill();

        using var health = await host.Client.GetAsync(new Uri("/health", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Contains("\"postgres\":{\"status\":\"unhealthy\"", await health.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        using var ready = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        using var live = await host.Client.GetAsync(new Uri("/health/live", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        using var refused = await host.Client.PostAsJsonAsync("/v1/batches", new { prompt = "a" }, Token);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (refused.StatusCode, refused.Content.Headers.ContentType?.MediaType));
        Assert.NotNull(refused.Headers.RetryAfter);

        await server.UpAsync(Token);
        HttpStatusCode status;
        do // each connection that the pool still held costs one more refusal
        {
            using var answer = await host.Client.PostAsJsonAsync("/v1/batches", new { prompt = "a" }, Token);
            status = answer.StatusCode;
        }
        while (status == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.Created, status);
    }
}
