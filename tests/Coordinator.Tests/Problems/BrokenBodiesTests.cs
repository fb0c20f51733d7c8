using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StableDiffusion.Coordinator.Tests.Events;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Problems;

public sealed class BrokenBodiesTests(Databases databases)
{
    private const int Length = 400_000;

    private const string Batch = "POST /v1/batches", File = "PUT /v1/files/lora/ink/content", FileHead = "\u0000\u0001\u0000\u0000\u0000\u0000\u0000\u0000";

    [Theory]
    [InlineData(Batch, "{\"colour\":1,\"prompt\":\"", "400")] // refused long before its end
    [InlineData(Batch, "{\"prompt\":\"", "400")]
    [InlineData(File, "PK\u0003\u0004 and more", "400")]
    [InlineData(Batch, "{\"prompt\":\"", null)]
    [InlineData(File, FileHead, null)]
    public async Task A_body_that_is_refused_or_whose_sender_goes_away_is_no_error_of_the_farms(string request, string begins, string? answer)
    {
        using var log = new LogLines();
        await using (var host = await EventsHost.StartAsync(await databases.NewAsync()))
        {
            await BreakAsync(host, log, request, begins, answer);
        } // and its requests have ended

        Assert.Empty(log.Errors);
    }

    private static async Task BreakAsync(EventsHost host, LogLines log, string request, string begins, string? answer)
    {
        host.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        foreach (var chunked in new[] { false, true })
        {
            for (var time = 0; time < 5; time++)
            {
                using var client = new TcpClient("127.0.0.1", host.Client.BaseAddress!.Port) { LingerState = new LingerOption(time % 2 == 1, 0) }; // with a reset, or in good form
                await using var stream = client.GetStream();
                var head = $"{request} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{(chunked ? $"Transfer-Encoding: chunked\r\n\r\n{Length:x}" : $"Content-Length: {Length}\r\n")}\r\n";
                var body = begins.PadRight(answer is null ? Length / 2 : Length, 'x') + (chunked && answer is not null ? "\r\n0\r\n\r\n" : "");
                await stream.WriteAsync(Encoding.UTF8.GetBytes(head + body), Token);
                if (answer is not null)
                {
                    using var reader = new StreamReader(stream, Encoding.UTF8);
                    Assert.Contains($" {answer} ", await reader.ReadLineAsync(Token), StringComparison.Ordinal);
                }
            }
        }
    }
}
