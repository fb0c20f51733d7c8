using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Webhooks;

/// <summary>An address that webhooks post to, on a port of this machine, and how a receiver checks what comes.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Channel<Message> messages = Channel.CreateUnbounded<Message>();

    private Receiver(Func<int, HttpResponse, Task> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        app = builder.Build();
        var count = 0;
        app.Run(async context =>
        {
            using var body = new StreamReader(context.Request.Body, Encoding.UTF8);
            var headers = context.Request.Headers;
            await messages.Writer.WriteAsync(new Message(
                context.Request.Path, headers["webhook-id"]!, headers["webhook-timestamp"]!, headers["webhook-signature"]!, headers.ContentType!, await body.ReadToEndAsync(Token)));
            await answer(Interlocked.Increment(ref count), context.Response);
        });
    }

    public string Url => app.Urls.Single() + "/hook";

    public int Port => new Uri(app.Urls.Single()).Port;

    /// <summary>Starts one.</summary>
    /// <param name="answer">How it answers the n-th message, from 1; 200 by default.</param>
    public static async Task<Receiver> StartAsync(Func<int, HttpResponse, Task>? answer = null)
    {
        var receiver = new Receiver(answer ?? ((_, _) => Task.CompletedTask));
        await receiver.app.StartAsync(Token);
        return receiver;
    }

    /// <summary>One that answers with these, and then with 200.</summary>
    public static Task<Receiver> StartAsync(params HttpStatusCode[] statuses) => StartAsync((count, response) =>
    {
        response.StatusCode = count <= statuses.Length ? (int)statuses[count - 1] : 200;
        return Task.CompletedTask;
    });

    public Task<Message> NextAsync() => messages.Reader.ReadAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);

    public bool TryNext() => messages.Reader.TryRead(out _);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    /// <summary>What came.</summary>
    internal sealed record Message(string Path, string Id, string Timestamp, string Signature, string ContentType, string Body)
    {
        /// <summary>Standard Webhooks, as its specification tells a receiver to check it.</summary>
        public bool IsSignedWith(string secret)
        {
            using var hmac = new HMACSHA256(Convert.FromBase64String(secret.Replace("whsec_", "", StringComparison.Ordinal)));
            var expected = hmac.ComputeHash([.. Encoding.ASCII.GetBytes(Id), (byte)'.', .. Encoding.ASCII.GetBytes(Timestamp), (byte)'.', .. Encoding.UTF8.GetBytes(Body)]);
            return Signature.Split(' ').Any(signature => signature.Split(',') is ["v1", var value] && CryptographicOperations.FixedTimeEquals(expected, Convert.FromBase64String(value)));
        }
    }
}
