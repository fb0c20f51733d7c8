using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Keeping;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Workers;

namespace StableDiffusion.Farm.Client;

/// <summary>The farm's REST API, as any other client sees it. What the farm refuses is a <see cref="FarmException"/>.</summary>
public sealed class FarmClient : IDisposable
{
    /// <summary>The environment variable with the key that is sent to farms which ask for one.</summary>
    public const string KeyVariable = "FARM_API_KEY";

    private readonly HttpClient http;

    /// <summary>Talks to the farm at <paramref name="url"/>.</summary>
    /// <param name="url">Its address.</param>
    /// <param name="key">The key to send; that of <see cref="KeyVariable"/>, if it is set, when left out.</param>
    public FarmClient(Uri url, string? key = null)
    {
        http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromMinutes(5) };
        if ((key ?? Environment.GetEnvironmentVariable(KeyVariable)?.Trim()) is { Length: > 0 } known)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", known);
        }
    }

    /// <summary>Whether the farm answers and all its parts are well.</summary>
    public async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync(Path("/health"), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Models that the farm can draw with.</summary>
    public Task<IReadOnlyList<ModelDescription>> GetModelsAsync(CancellationToken cancellationToken) =>
        GetAsync<IReadOnlyList<ModelDescription>>("/v1/models", cancellationToken);

    /// <summary>Workers as they last reported.</summary>
    public Task<IReadOnlyList<WorkerResponse>> GetWorkersAsync(CancellationToken cancellationToken) =>
        GetAsync<IReadOnlyList<WorkerResponse>>("/v1/workers", cancellationToken);

    /// <summary>Submits a batch; it is accepted when this returns.</summary>
    /// <param name="request">What to draw.</param>
    /// <param name="cancellationToken">Cancelled: perhaps it is accepted.</param>
    /// <param name="key">Its Idempotency-Key: asked again with the same, the farm answers with the batch that it has.</param>
    public async Task<BatchResponse> SubmitAsync(BatchRequest request, CancellationToken cancellationToken, string? key = null)
    {
        using HttpResponseMessage response = await SendAsync(() => Submission(request, key), cancellationToken);
        return await ReadAsync<BatchResponse>(response, cancellationToken);
    }

    /// <summary>Compares the object store with the farm's rows, and removes what no row names and is old enough.</summary>
    public async Task<SweepReport> SweepAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(() => new HttpRequestMessage(HttpMethod.Post, Path("/v1/sweeps")), cancellationToken);
        return await ReadAsync<SweepReport>(response, cancellationToken);
    }

    /// <summary>Withdraws what of a batch is not drawn yet.</summary>
    public async Task<BatchResponse> CancelAsync(BatchResponse batch, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(() => new HttpRequestMessage(HttpMethod.Post, Path($"{batch.Url}/cancel")), cancellationToken);
        return await ReadAsync<BatchResponse>(response, cancellationToken);
    }

    /// <summary>A batch and how far it is.</summary>
    public Task<BatchResponse> GetBatchAsync(BatchResponse batch, CancellationToken cancellationToken) => GetAsync<BatchResponse>(batch.Url, cancellationToken);

    /// <summary>All images of a batch, page after page.</summary>
    public async Task<IReadOnlyList<ImageResponse>> GetImagesAsync(BatchResponse batch, CancellationToken cancellationToken)
    {
        var images = new List<ImageResponse>();
        for (string? page = batch.ImagesUrl; page is not null;)
        {
            Page<ImageResponse> part = await GetAsync<Page<ImageResponse>>(page, cancellationToken);
            images.AddRange(part.Items);
            page = part.Next;
        }

        return images;
    }

    /// <summary>The PNG of an image that has succeeded.</summary>
    public async Task<byte[]> GetContentAsync(ImageResponse image, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, Path(image.ContentUrl!)), cancellationToken);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    /// <summary>What an image looks like so far; null when that has passed.</summary>
    public async Task<byte[]?> GetPreviewAsync(ImageResponse image, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.GetAsync(Path(image.PreviewUrl!), cancellationToken);
        return response.IsSuccessStatusCode ? await response.Content.ReadAsByteArrayAsync(cancellationToken) : null;
    }

    /// <summary>Where a path of this farm can be seen.</summary>
    public Uri Address(string path) => new(http.BaseAddress!, path);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static HttpRequestMessage Submission(BatchRequest request, string? key)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, Path("/v1/batches")) { Content = JsonContent.Create(request, options: FarmJson.Options) };
        if (key is not null)
        {
            message.Headers.Add("Idempotency-Key", key);
        }

        return message;
    }

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, Path(path)), cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            using HttpRequestMessage message = request();
            response = await http.SendAsync(message, cancellationToken);
        }
        catch (HttpRequestException error)
        {
            throw new FarmException($"the farm at {http.BaseAddress} does not answer: {error.Message}", error);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            string refusal = Describe(response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
            throw new FarmException(response.StatusCode is HttpStatusCode.Unauthorized ? $"{refusal}\nfarm: set {KeyVariable} to it" : refusal);
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken) =>
        await response.Content.ReadFromJsonAsync<T>(FarmJson.Options, cancellationToken)
        ?? throw new FarmException($"the farm answered {response.RequestMessage?.RequestUri} with nothing");

    /// <summary>A refusal in words: problem+json's errors, one line a field, or else its detail or title.</summary>
    internal static string Describe(HttpStatusCode status, string body)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(body);
            if (problem.RootElement.TryGetProperty("errors", out JsonElement errors) && errors.ValueKind == JsonValueKind.Object)
            {
                return string.Join("\nfarm: ", errors.EnumerateObject().SelectMany(field => field.Value.EnumerateArray().Select(error => $"{field.Name}: {error}")));
            }

            foreach (string text in new[] { "detail", "title" })
            {
                if (problem.RootElement.TryGetProperty(text, out JsonElement value) && value.ValueKind == JsonValueKind.String)
                {
                    return value.GetString()!;
                }
            }
        }
        catch (JsonException)
        {
            // not ours; the status has to do
        }

        return $"the farm answered {(int)status} ({status})";
    }

    private static Uri Path(string path) => new(path, UriKind.Relative);
}
