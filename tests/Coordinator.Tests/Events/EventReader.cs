using System.Net.ServerSentEvents;
using System.Text.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Events;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Events;

/// <summary>A stream of events as a client reads it: with .NET's own parser, which is none of ours.</summary>
internal sealed class EventReader : IDisposable
{
    private readonly HttpResponseMessage answer;
    private readonly IAsyncEnumerator<SseItem<string>> items;

    private EventReader(HttpResponseMessage answer, Stream stream)
    {
        this.answer = answer;
        Stream = stream;
        items = SseParser.Create(stream).EnumerateAsync(Token).GetAsyncEnumerator(Token);
    }

    public HttpResponseMessage Answer => answer;

    public Stream Stream { get; }

    public static async Task<EventReader> OpenAsync(HttpClient client, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
        return new EventReader(answer, await answer.Content.ReadAsStreamAsync(Token));
    }

    /// <summary>The next event; null when the stream has ended.</summary>
    public async Task<SseItem<string>?> NextAsync()
    {
        return await items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token) ? items.Current : null;
    }

    /// <summary>The next events.</summary>
    public async Task<List<SseItem<string>>> TakeAsync(int count)
    {
        var taken = new List<SseItem<string>>();
        while (taken.Count < count && await NextAsync() is { } item)
        {
            taken.Add(item);
        }

        return taken;
    }

    /// <summary>All to the end.</summary>
    public Task<List<SseItem<string>>> RestAsync() => TakeAsync(int.MaxValue);

    public static EventResponse Data(SseItem<string> item) => JsonSerializer.Deserialize<EventResponse>(item.Data, FarmJson.Options)!;

    public void Dispose() => answer.Dispose();
}
