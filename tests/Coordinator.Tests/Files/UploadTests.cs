using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Files;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Storage;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Files;

public sealed class UploadTests(Databases databases)
{
    private const string Ink = "/v1/files/lora/ink/content";

    [Fact]
    public async Task An_uploaded_file_is_stored_registered_and_told_to_workers()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var file = Weights.Lora();

        using var answer = await PutAsync(host, Ink, file);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("/v1/files/lora/ink", answer.Headers.Location?.OriginalString);
        var stored = await host.GetAsync<FileResponse>("/v1/files/lora/ink");
        var hash = Convert.ToHexStringLower(SHA256.HashData(file));
        Assert.Equal((FileKind.Lora, "ink", FileState.Ready, hash, (long?)file.Length), (stored.Kind, stored.Name, stored.State, stored.Sha256, stored.Bytes));
        Assert.Equal([new FilePart { Path = "ink.safetensors", Key = "models/loras/ink.safetensors", Sha256 = hash, Bytes = file.Length, Parameters = 8 }], stored.Parts);
        Assert.Equal(file, await host.ObjectAsync("models/loras/ink.safetensors"));
        await host.WorkAsync();
        Assert.Equal(hash, (await host.IndexAsync()).Find(FileKind.Lora, "ink")?.Sha256);
        Assert.Equal("ink", Assert.Single((await host.GetAsync<JsonElement>("/v1/adapters?kind=lora")).EnumerateArray()).GetProperty("name").GetString());
    }

    [Fact]
    public async Task The_same_name_again_replaces_the_content()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        (await PutAsync(host, Ink, Weights.Lora(1))).Dispose();

        using var answer = await PutAsync(host, Ink, Weights.Lora(2));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Weights.Lora(2))), (await host.GetAsync<FileResponse>("/v1/files/lora/ink")).Sha256);
        Assert.Single(await host.GetAsync<List<FileResponse>>("/v1/files"));
    }

    [Fact]
    public async Task A_truncated_body_leaves_nothing()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var file = Weights.Lora();
        await RefusedAsync(host, Ink, file[..^1], "content", $"truncated: {file.Length - 1} of {file.Length} bytes");
        await RefusedAsync(host, Ink, [.. file, 0], "content", $"goes on after the {file.Length} bytes");
    }

    [Fact]
    public async Task A_client_that_goes_away_leaves_nothing()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());

        await Assert.ThrowsAsync<IOException>(() => host.Get<FileUpload>().RunAsync(FileKind.Lora, "ink", new BrokenStream(Weights.Lora(), 200), null, Token));

        await NothingAsync(host);
    }

    [Fact]
    public async Task What_is_refused_is_named_by_its_field_and_leaves_nothing()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync(), new() { ["Files:MaxBytes"] = "1024" });
        await RefusedAsync(host, "/v1/files/vae/mse/content", Weights.Lora(), "content", "it is a LoRA: register it as lora");
        await RefusedAsync(host, Ink, "<html>"u8.ToArray(), "content", "too few");
        await RefusedAsync(host, Ink, Weights.WithHead("""{"a.lora_up.weight":{"dtype":"F16","shape":[1024],"data_offsets":[0,2048]}}""", new byte[2048]), "content", "no more than 1024");
        await RefusedAsync(host, Ink + $"?sha256={new string('0', 64)}", Weights.Lora(), "sha256", "have the SHA-256");
        await RefusedAsync(host, Ink + "?sha256=abc", Weights.Lora(), "sha256", "64 hexadecimal digits");
        await RefusedAsync(host, "/v1/files/checkpoint/my%20model/content", Weights.Checkpoint(), "name", "queue's name");
        await RefusedAsync(host, "/v1/files/lora/a%3Ab/content", Weights.Lora(), "name", "may hold none of");
        await RefusedAsync(host, "/v1/files/upscaler/x/content", Weights.Lora(), "kind", "one of checkpoint, lora");
    }

    [Fact]
    public async Task One_upload_of_a_name_at_a_time()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var hold = new TaskCompletionSource();
        var slow = PutAsync(host, Ink, new SlowContent(Weights.Lora(), hold.Task));
        await EventuallyAsync(async () => await host.Db.Database.SqlQuery<long>($"""
            SELECT count(*) AS "Value" FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND datname = current_database()
            """).SingleAsync(Token) == 1);

        using var second = await PutAsync(host, Ink, Weights.Lora());

        Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
        hold.SetResult();
        using var first = await slow;
        Assert.True(first.IsSuccessStatusCode);
    }

    [Fact]
    public async Task A_checkpoint_can_be_asked_for_before_any_worker_held_it()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        (await PutAsync(host, "/v1/files/checkpoint/xl/content", Weights.Checkpoint("conditioner.embedders.1.model.ln_final.weight"))).Dispose();

        var model = Assert.Single((await host.GetAsync<JsonElement>("/v1/models")).EnumerateArray());
        Assert.Equal(("xl", "sdxl", 1024, "Euler", false), (model.GetProperty("name").GetString(), model.GetProperty("family").GetString(),
            model.GetProperty("default_size").GetInt32(), model.GetProperty("default_sampler").GetString(), model.GetProperty("live").GetBoolean()));
    }

    [Fact]
    public async Task What_is_wrong_beside_a_checkpoint_is_told_before_the_one_that_is_there_is_replaced()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        (await PutAsync(host, "/v1/files/checkpoint/tiny/content", Weights.Checkpoint())).Dispose();
        await host.StoreAsync("models/checkpoints/tokenizer/vocab.json", "no JSON"u8.ToArray());

        using var answer = await PutAsync(host, "/v1/files/checkpoint/tiny/content", Weights.Checkpoint("conditioner.embedders.1.model.ln_final.weight"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("tokenizer/vocab.json", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        Assert.Equal(Weights.Checkpoint(), await host.ObjectAsync("models/checkpoints/tiny.safetensors"));
    }

    private static Task<HttpResponseMessage> PutAsync(CoordinatorHost host, string path, byte[] body) => PutAsync(host, path, new ByteArrayContent(body));

    private static Task<HttpResponseMessage> PutAsync(CoordinatorHost host, string path, HttpContent body) => host.Client.PutAsync(new Uri(path, UriKind.Relative), body, Token);

    private static async Task RefusedAsync(CoordinatorHost host, string path, byte[] body, string field, string reason)
    {
        using var answer = await PutAsync(host, path, body);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(FarmJson.Options, Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(reason, problem.GetProperty("errors").GetProperty(field)[0].GetString(), StringComparison.Ordinal);
        await NothingAsync(host);
    }

    private static async Task NothingAsync(CoordinatorHost host)
    {
        Assert.Empty(await host.GetAsync<List<FileResponse>>("/v1/files"));
        Assert.Empty(await FileScan.ListAsync(host.Get<IObjectStore>(), Token));
    }

    private sealed class BrokenStream(byte[] bytes, int whole) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Position < whole
            ? base.ReadAsync(buffer[..(int)Math.Min(buffer.Length, whole - Position)], cancellationToken)
            : throw new IOException("The client reset the request stream.");
    }

    private sealed class SlowContent(byte[] bytes, Task hold) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes.AsMemory(0, 50), Token);
            await stream.FlushAsync(Token);
            await hold;
            await stream.WriteAsync(bytes.AsMemory(50), Token);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
