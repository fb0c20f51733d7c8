using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Owners;

/// <summary>What tests do on a farm that asks for keys.</summary>
internal static class GuardedHost
{
    public const string AdminKey = "chosen-by-whoever-runs-the-farm";

    /// <summary>A farm that asks for keys, with an administrator's known.</summary>
    public static async Task<CoordinatorHost> StartAsync(Databases databases, Dictionary<string, string?>? settings = null)
    {
        var host = await CoordinatorHost.StartAsync(
            await databases.NewAsync(), new(settings ?? []) { ["Owners:Authentication"] = "on", ["Owners:AdminKey"] = AdminKey });
        await host.ReportWorkerAsync();
        return host;
    }

    public static async Task<HttpResponseMessage> SendAsync(this CoordinatorHost host, string? key, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body, body.GetType(), options: FarmJson.Options) };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return await host.Client.SendAsync(request, Token);
    }

    public static async Task<T> ReadAsync<T>(this HttpResponseMessage answer)
    {
        using (answer)
        {
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
            return (await answer.Content.ReadFromJsonAsync<T>(FarmJson.Options, Token))!;
        }
    }

    /// <summary>The detail of a refusal, which must be a problem document of this status.</summary>
    public static async Task<string> RefusalAsync(this HttpResponseMessage answer, int status)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(Token);
            Assert.True((int)answer.StatusCode == status, $"{(int)answer.StatusCode} {text}");
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            return JsonDocument.Parse(text).RootElement.GetProperty("detail").GetString()!;
        }
    }

    public static async Task<OwnerResponse> AddOwnerAsync(this CoordinatorHost host, string name, object? limits = null)
    {
        var owner = await (await host.SendAsync(AdminKey, HttpMethod.Post, "/v1/owners", new { name })).ReadAsync<OwnerResponse>();
        return limits is null ? owner : await (await host.SendAsync(AdminKey, HttpMethod.Patch, $"/v1/owners/{owner.Id}", limits)).ReadAsync<OwnerResponse>();
    }

    public static async Task<NewKeyResponse> AddKeyAsync(this CoordinatorHost host, OwnerResponse owner, string[]? scopes = null, DateTimeOffset? expiresAt = null) =>
        await (await host.SendAsync(AdminKey, HttpMethod.Post, $"/v1/owners/{owner.Id}/keys", new KeyRequest { Name = "a test", Scopes = scopes, ExpiresAt = expiresAt }))
            .ReadAsync<NewKeyResponse>();

    /// <summary>A new owner's key to read and write with.</summary>
    public static async Task<string> NewKeyAsync(this CoordinatorHost host, string name = "ada", object? limits = null) =>
        (await host.AddKeyAsync(await host.AddOwnerAsync(name, limits))).Key;

    public static Task<HttpResponseMessage> SubmitAsync(this CoordinatorHost host, string key, int images = 1) =>
        host.SendAsync(key, HttpMethod.Post, "/v1/batches", new BatchRequest { Prompt = "a", Seed = 1, NIter = images });

    public static Task<HttpResponseMessage> GetAsync(this CoordinatorHost host, string? key, string path) => host.SendAsync(key, HttpMethod.Get, path);
}
