using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Options;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>Posts a delivery once.</summary>
internal sealed class WebhookSender(IHttpClientFactory clients, TimeProvider time, IOptions<WebhookOptions> options)
{
    private const int MaxAnswer = 1000; // characters kept of what the address says

    /// <summary>Posts it, signed, and tells how it went.</summary>
    /// <param name="delivery">What.</param>
    /// <param name="webhook">Where to, and what it is signed with.</param>
    /// <param name="cancellationToken">Cancelled: nobody knows whether it arrived.</param>
    public async Task<WebhookAttempt> SendAsync(WebhookDelivery delivery, Webhook webhook, CancellationToken cancellationToken)
    {
        if (!options.Value.AllowHttp && webhook.Url.StartsWith("http:", StringComparison.OrdinalIgnoreCase))
        {
            return new WebhookAttempt { Error = "Plain http is no longer allowed (Webhooks:AllowHttp): change the address." };
        }

        using var limit = new CancellationTokenSource(options.Value.Timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = Request(delivery, webhook, time.GetUtcNow());
            using var client = clients.CreateClient(nameof(Webhooks));
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ending.Token);
            return new WebhookAttempt
            {
                Status = (int)answer.StatusCode,
                Answer = await ExcerptAsync(answer.Content, ending.Token),
                RetryAfter = Wait(answer.Headers.RetryAfter),
                Error = answer.IsSuccessStatusCode ? null : $"It answered {(int)answer.StatusCode} {answer.ReasonPhrase}".TrimEnd() + ".",
            };
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return new WebhookAttempt { Error = $"It did not answer within {options.Value.Timeout.TotalSeconds} s." };
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new WebhookAttempt { Error = (e.InnerException is { } inner and not HttpRequestException ? $"{e.Message} {inner.Message}" : e.Message).Storable() };
        }
    }

    private static HttpRequestMessage Request(WebhookDelivery delivery, Webhook webhook, DateTimeOffset now) => new(HttpMethod.Post, webhook.Url)
    {
        Headers =
        {
            { "webhook-id", delivery.Id.ToString() },
            { "webhook-timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) },
            { "webhook-signature", WebhookSecret.Sign(webhook.SecretsAt(now), delivery.Id, now.ToUnixTimeSeconds(), delivery.Body) },
            { "User-Agent", "stable-diffusion-farm" },
        },
        Content = new ByteArrayContent(Encoding.UTF8.GetBytes(delivery.Body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
    };

    private static async Task<string?> ExcerptAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var bytes = new byte[MaxAnswer];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        return length == 0 ? null : Encoding.UTF8.GetString(bytes, 0, length).Storable();
    }

    private TimeSpan? Wait(RetryConditionHeaderValue? asked) => asked?.Delta ?? (asked?.Date - time.GetUtcNow());
}

/// <summary>How one try went.</summary>
internal sealed record WebhookAttempt
{
    /// <summary>HTTP status; null when there was no answer.</summary>
    public int? Status { get; init; }

    /// <summary>The first of what the address said; null when nothing.</summary>
    public string? Answer { get; init; }

    /// <summary>What was wrong; null when it was delivered.</summary>
    public string? Error { get; init; }

    /// <summary>How long the address asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the address says that it will never listen again.</summary>
    public bool IsGone => Status == (int)HttpStatusCode.Gone;
}
