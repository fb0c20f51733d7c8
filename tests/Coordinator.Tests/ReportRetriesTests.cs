using System.Net.Http.Json;
using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Farm.Servers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests;

public sealed class ReportRetriesTests
{
    [Fact]
    public async Task A_report_waits_for_a_database_that_is_away()
    {
        await using var server = await PostgresServer.StartAsync(Token);
        await using var host = await CoordinatorHost.StartAsync(server.ConnectionString("postgres"));
        var open = await host.RenderOneAsync();
        server.Kill();
        var reports = await host.Bus.GetSendEndpoint(new Uri($"queue:{Queues.Images}"));
        await reports.Send(new ImagesReported { WorkerId = "worker-1", Timestamp = host.Time.GetUtcNow(), Rendered = [Rendered(open)] }, Token);
        await server.UpAsync(Token);
        await EventuallyAsync(async () =>
        {
            using var answer = await host.Client.GetAsync(new Uri($"/v1/images/{open.ImageId}", UriKind.Relative), Token);
            return answer.IsSuccessStatusCode
                && (await answer.Content.ReadFromJsonAsync<ImageResponse>(FarmJson.Options, Token))!.State == ImageState.Succeeded;
        });
    }
}
