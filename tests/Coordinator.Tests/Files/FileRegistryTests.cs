using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Adapters;
using StableDiffusion.Coordinator.Files;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using StableDiffusion.Storage;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Files;

public sealed class FileRegistryTests(Databases databases)
{
    private static readonly byte[] Json = "{}"u8.ToArray();

    [Fact]
    public async Task A_scan_registers_what_lies_in_place_and_nothing_else()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.StoreAsync("models/loras/ink.safetensors", Weights.Lora());
        await host.StoreAsync("models/loras/notes.txt", Json);
        await host.StoreAsync("models/loras/old/pen.safetensors", Weights.Lora());
        await host.StoreAsync("models/vae/mse/config.json", Json);
        await host.StoreAsync("models/vae/mse/diffusion_pytorch_model.safetensors", Weights.Of(0, "decoder.conv_in.weight", "encoder.conv_in.weight"));
        await host.StoreAsync("models/checkpoints/one.safetensors", Weights.Checkpoint());
        await host.StoreAsync("models/checkpoints/one.yaml", Json);
        await host.StoreAsync("models/checkpoints/tokenizer/vocab.json", Json);
        await host.StoreAsync("models/checkpoints/two/model_index.json", """{"_class_name":"StableDiffusionPipeline","unet":["diffusers","UNet2DConditionModel"]}"""u8.ToArray());
        await host.StoreAsync("models/checkpoints/two/unet/config.json", """{"sample_size":8,"cross_attention_dim":1024}"""u8.ToArray());
        await host.StoreAsync("models/checkpoints/two/unet/diffusion_pytorch_model.safetensors", Weights.Of(0, "conv_in.weight"));
        await host.StoreAsync("models/checkpoints/two/unet/diffusion_pytorch_model.bin", Json);
        await host.StoreAsync("models/checkpoints/two/README.md", Json);
        await host.StoreAsync("models/checkpoints/two/vae/config.json", """{"block_out_channels":[32,32,64,64]}"""u8.ToArray());
        await host.StoreAsync("models/checkpoints/two/scheduler/scheduler_config.json", """{"_class_name":"DDIMScheduler"}"""u8.ToArray());

        Assert.Equal((4, 4, 0, 0), await ScanAsync(host));

        await host.WorkAsync();
        var files = await host.GetAsync<List<FileResponse>>("/v1/files");
        Assert.Equal(
            [(FileKind.Checkpoint, "one", FileState.Ready), (FileKind.Checkpoint, "two", FileState.Ready), (FileKind.Lora, "ink", FileState.Ready), (FileKind.Vae, "mse", FileState.Ready)],
            files.Select(file => (file.Kind, file.Name, file.State)));
        Assert.Equal(["one.safetensors", "one.yaml", "tokenizer/vocab.json"], (await host.GetAsync<FileResponse>("/v1/files/checkpoint/one")).Parts!.Select(part => part.Path));
        Assert.Equal(Sha(Weights.Checkpoint()), files[0].Sha256); // the file's own, whatever lies beside it
        Assert.Equal(
            ["two/model_index.json", "two/scheduler/scheduler_config.json", "two/unet/config.json", "two/unet/diffusion_pytorch_model.safetensors", "two/vae/config.json"],
            (await host.GetAsync<FileResponse>("/v1/files/checkpoint/two")).Parts!.Select(part => part.Path));
        // as workers hash a folder: its files' names and hashes
        Assert.Equal(Sha(Encoding.UTF8.GetBytes($"config.json  {Sha(Json)}\ndiffusion_pytorch_model.safetensors  {Sha((await host.ObjectAsync("models/vae/mse/diffusion_pytorch_model.safetensors"))!)}\n")), files[3].Sha256);
        var models = (await host.GetAsync<JsonElement>("/v1/models")).EnumerateArray().ToList();
        Assert.Equal(
            [("one", "sd1", 512, 8, "PLMS"), ("two", "sd2", 64, 8, "DDIM")],
            models.Select(model => (model.GetProperty("name").GetString(), model.GetProperty("family").GetString(), model.GetProperty("default_size").GetInt32(),
                model.GetProperty("vae_scale_factor").GetInt32(), model.GetProperty("default_sampler").GetString())));
        Assert.Equal(4, (await host.IndexAsync()).Files.Count);
        Assert.Equal((4, 0, 0, 0), await ScanAsync(host));
    }

    [Fact]
    public async Task A_scan_notes_what_changed_and_what_is_gone()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.StoreAsync("models/loras/ink.safetensors", Weights.Lora());
        await host.StoreAsync("models/loras/oil.safetensors", Weights.Lora(1));
        await ScanAsync(host);
        await host.WorkAsync();
        var bigger = Weights.Of(7, "a.lora_up.weight", "a.lora_down.weight", "b.lora_up.weight");
        await host.StoreAsync("models/loras/ink.safetensors", bigger);
        await host.Get<IObjectStore>().DeleteAsync("models/loras/oil.safetensors", Token);

        Assert.Equal((1, 0, 1, 1), await ScanAsync(host));

        await host.WorkAsync();
        Assert.Equal((FileState.Ready, Sha(bigger)), ((await GetAsync(host, "lora/ink")).State, (await GetAsync(host, "lora/ink")).Sha256));
        Assert.Equal(FileState.Gone, (await GetAsync(host, "lora/oil")).State);
        Assert.Equal(["ink"], (await host.IndexAsync()).Files.Select(file => file.Name));

        await host.StoreAsync("models/loras/oil.safetensors", Weights.Lora(1));
        Assert.Equal((2, 0, 1, 0), await ScanAsync(host));
        await host.WorkAsync();
        Assert.Equal(FileState.Ready, (await GetAsync(host, "lora/oil")).State);
    }

    [Fact]
    public async Task A_wrong_file_in_place_is_refused_with_the_reason_and_stays_where_it_is()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.StoreAsync("models/loras/cut.safetensors", Weights.Lora()[..^3]);
        await host.StoreAsync("models/checkpoints/my model.safetensors", Weights.Checkpoint());
        await host.StoreAsync("models/checkpoints/broken/model_index.json", "{"u8.ToArray());
        await host.StoreAsync("models/checkpoints/broken/unet/x.safetensors", Weights.Of(0, "conv_in.weight"));

        await ScanAsync(host);
        await host.WorkAsync();

        foreach (var (file, reason) in new[] { ("checkpoint/broken", "key: broken/model_index.json: It is not valid JSON"), ("checkpoint/my model", "name: \"my model\" cannot be its name"), ("lora/cut", "key: It is truncated") })
        {
            var refused = await GetAsync(host, file);
            Assert.Equal(FileState.Refused, refused.State);
            Assert.StartsWith(reason, refused.Reason, StringComparison.Ordinal);
        }

        Assert.Empty((await host.IndexAsync()).Files);
        Assert.NotNull(await host.ObjectAsync("models/loras/cut.safetensors"));
        Assert.Equal((3, 0, 0, 0), await ScanAsync(host)); // not read again until it changes
    }

    [Fact]
    public async Task What_lies_elsewhere_is_registered_by_its_key()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.StoreAsync("models/mine/ink-v2.safetensors", Weights.Lora());

        using var answer = await PostAsync(host, new RegisterFileRequest { Kind = FileKind.Lora, Name = "ink", Key = "models/mine/ink-v2.safetensors" });

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        await host.WorkAsync();
        var file = await GetAsync(host, "lora/ink");
        Assert.Equal((FileState.Ready, "ink.safetensors", "models/mine/ink-v2.safetensors"), (file.State, Assert.Single(file.Parts!).Path, file.Parts![0].Key));
        await host.StoreAsync("models/loras/ink.safetensors", Weights.Lora(1));
        using var other = await PostAsync(host, new RegisterFileRequest { Kind = FileKind.Lora, Key = "models/loras/ink.safetensors" });
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
    }

    [Theory]
    [InlineData("""{"name":"x","key":"models/loras/x.safetensors"}""", "kind", "Give checkpoint")]
    [InlineData("""{"kind":1,"key":"models/loras/x.safetensors"}""", "kind", "\"checkpoint\" or")]
    [InlineData("""{"kind":"1","key":"models/loras/x.safetensors"}""", "kind", "\"checkpoint\" or")]
    [InlineData("""{"kind":"lora","key":"models/loras/none.safetensors"}""", "key", "There is nothing at models/loras/none.safetensors")]
    [InlineData("""{"kind":"lora","key":"batches/x.safetensors"}""", "key", "begins with models/")]
    [InlineData("""{"kind":"lora","key":"models/loras/x.ckpt"}""", "key", "pickles are not read")]
    [InlineData("""{"kind":"lora","key":"models/loras/x/"}""", "key", "is one .safetensors object, not a folder")]
    [InlineData("""{"kind":"lora","key":"models/../x.safetensors"}""", "key", "segment")]
    [InlineData("""{"kind":"checkpoint","name":"a b","key":"models/checkpoints/x/"}""", "name", "queue's name")]
    public async Task A_wrong_registration_is_refused_by_its_field(string body, string field, string reason)
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        using var answer = await host.Client.PostAsync(new Uri("/v1/files", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(FarmJson.Options, Token);
        Assert.Contains(reason, problem.GetProperty("errors").GetProperty(field)[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_that_register_the_same_name_at_once_one_is_told_so()
    {
        using var objects = new WatchedStore();
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync(), objects: objects);
        await host.StoreAsync("models/here/ink.safetensors", Weights.Lora());
        await host.StoreAsync("models/there/ink.safetensors", Weights.Lora());
        objects.BeforeListing = async () => Assert.Equal(HttpStatusCode.Accepted, await RegisterAsync("models/there/ink.safetensors"));

        Assert.Equal(HttpStatusCode.Conflict, await RegisterAsync("models/here/ink.safetensors"));
        await host.WorkAsync();
        Assert.Equal("models/there/ink.safetensors", (await host.GetAsync<FileResponse>("/v1/files/lora/ink")).Parts!.Single().Key);

        async Task<HttpStatusCode> RegisterAsync(string key)
        {
            using var answer = await host.Client.PostAsJsonAsync("/v1/files", new { kind = "lora", name = "ink", key }, Token);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task A_deleted_file_is_gone_from_store_index_and_catalog()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.StoreAsync("models/checkpoints/one.safetensors", Weights.Checkpoint());
        await host.StoreAsync("models/checkpoints/one.yaml", Json);
        await host.StoreAsync("models/checkpoints/tokenizer/vocab.json", Json);
        await ScanAsync(host);
        await host.WorkAsync();

        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync(host, "checkpoint/one"));

        Assert.Equal(HttpStatusCode.NotFound, await DeleteAsync(host, "checkpoint/one"));
        Assert.Equal(["models/checkpoints/tokenizer/vocab.json", FileIndex.Key], (await FileScan.ListAsync(host.Get<IObjectStore>(), Token)).Select(entry => entry.Key).Order(StringComparer.Ordinal));
        Assert.Empty((await host.IndexAsync()).Files);
        Assert.Empty((await host.GetAsync<JsonElement>("/v1/models")).EnumerateArray());
    }

    [Fact]
    public async Task A_file_that_waiting_images_need_is_deleted_by_force_alone_and_they_fail_with_the_reason()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.ReportWorkerAsync();
        await host.StoreAsync("models/loras/ink.safetensors", Weights.Lora());
        await ScanAsync(host);
        await host.WorkAsync();
        var needs = await host.SubmitAsync(new BatchRequest { Prompt = "a <lora:ink:1>", NIter = 3 });
        var other = await host.SubmitAsync(new BatchRequest { Prompt = "a" });

        Assert.Equal(HttpStatusCode.Conflict, await DeleteAsync(host, "lora/ink"));
        using (var replaced = await host.Client.PutAsync(new Uri("/v1/files/lora/ink/content", UriKind.Relative), new ByteArrayContent(Weights.Lora(1)), Token))
        {
            Assert.Equal(HttpStatusCode.Conflict, replaced.StatusCode);
        }

        Assert.Equal(Sha(Weights.Lora()), Sha((await host.ObjectAsync("models/loras/ink.safetensors"))!));
        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync(host, "lora/ink?force=true"));

        var failed = await host.GetAsync<Page<ImageResponse>>($"/v1/batches/{needs.Id}/images");
        Assert.All(failed.Items, image => Assert.Equal((ImageState.Failed, true), (image.State, image.Error!.Contains("The LoRA \"ink\"", StringComparison.Ordinal))));
        Assert.Equal(ImageState.Queued, Assert.Single((await host.GetAsync<Page<ImageResponse>>($"/v1/batches/{other.Id}/images")).Items).State);

        using var retried = await host.Client.PostAsync(new Uri($"/v1/batches/{needs.Id}/retry", UriKind.Relative), null, Token);
        Assert.True(retried.IsSuccessStatusCode);
        Assert.Equal(1, await host.RunRoundAsync()); // of the other batch
        var waiting = await host.GetAsync<Page<ImageResponse>>($"/v1/batches/{needs.Id}/images?waiting=true");
        Assert.All(waiting.Items, image => Assert.Equal((ImageState.Queued, WaitingReason.Adapters), (image.State, image.Waiting!.Reason)));
    }

    [Fact]
    public async Task A_replaced_checkpoint_is_in_the_index_and_in_commands_from_the_answer_on()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.StoreAsync("models/checkpoints/tiny.safetensors", Weights.Checkpoint());
        await ScanAsync(host);
        await host.WorkAsync();
        await host.ReportWorkerAsync();
        await host.SubmitAsync(new BatchRequest { Prompt = "a" });
        await host.RunRoundAsync();
        var anew = Weights.Of(3, "model.diffusion_model.out.0.weight", "cond_stage_model.transformer.x", "first_stage_model.decoder.conv_in.weight");

        using (var replaced = await host.Client.PutAsync(new Uri("/v1/files/checkpoint/tiny/content?force=true", UriKind.Relative), new ByteArrayContent(anew), Token))
        {
            Assert.Equal(HttpStatusCode.OK, replaced.StatusCode);
        }

        Assert.Equal(Sha(anew), (await host.IndexAsync()).Find(FileKind.Checkpoint, "tiny")!.Sha256);
        await host.SubmitAsync(new BatchRequest { Prompt = "b" });
        await host.RunRoundAsync();
        Assert.Equal(Sha(Weights.Checkpoint()), (await host.Commands.Reader.ReadAsync(Token)).Checkpoint);
        Assert.Equal(Sha(anew), (await host.Commands.Reader.ReadAsync(Token)).Checkpoint);
    }

    [Fact]
    public async Task A_deleted_checkpoint_can_be_asked_for_no_more_though_a_worker_holds_it_for_a_moment()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.StoreAsync("models/checkpoints/tiny.safetensors", Weights.Checkpoint());
        await ScanAsync(host);
        await host.WorkAsync();
        await host.ReportWorkerAsync();

        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync(host, "checkpoint/tiny"));
        var report = CoordinatorHost.Registered("worker-1", host.Time.GetUtcNow()) with { Models = [CoordinatorHost.Description with { Name = "tiny" }] };
        await host.Get<WorkerRegister>().RegisterAsync(report with { Pulled = ["tiny"] }, Token); // which it holds for a moment yet

        using var answer = await host.Client.PostAsJsonAsync("/v1/batches", new BatchRequest { Prompt = "a", Model = "tiny" }, FarmJson.Options, Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        await host.Get<WorkerRegister>().RegisterAsync(report, Token); // one of its own, after all
        Assert.Contains("tiny", (await host.GetAsync<JsonElement[]>("/v1/models")).Select(model => model.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_configuration_that_is_laid_beside_a_checkpoint_tells_its_sizes_and_while_it_is_read_again_workers_keep_what_they_have()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.StoreAsync("models/checkpoints/one.safetensors", Weights.Checkpoint());
        await ScanAsync(host);
        await host.WorkAsync();
        await host.StoreAsync("models/checkpoints/one/unet/config.json", """{"sample_size":8}"""u8.ToArray());

        Assert.Equal((1, 0, 1, 0), await ScanAsync(host));
        await host.Get<FileIndexWriter>().WriteAsync(Token); // as another coordinator does meanwhile
        Assert.Equal("one", Assert.Single((await host.IndexAsync()).Files).Name);

        await host.WorkAsync();
        Assert.Equal(2, Assert.Single((await host.IndexAsync()).Files).Parts.Count);
        Assert.Equal(64, (await host.GetAsync<JsonElement>("/v1/models"))[0].GetProperty("default_size").GetInt32());
    }

    [Fact]
    public async Task A_registered_checkpoint_can_be_asked_for_after_a_restart_of_the_embedded_farm_and_what_a_worker_had_cannot()
    {
        var database = await databases.NewAsync();
        await using (var host = await CoordinatorHost.StartAsync(database))
        {
            await host.StoreAsync("models/checkpoints/one.safetensors", Weights.Checkpoint());
            await ScanAsync(host);
            await host.WorkAsync();
            await host.ReportWorkerAsync();
            Assert.Equal(2, (await host.GetAsync<JsonElement>("/v1/models")).GetArrayLength());
        }

        await using var again = await CoordinatorHost.StartAsync(database, new() { ["Dispatch:RequeueAtStart"] = "true" });
        Assert.Equal("one", Assert.Single((await again.GetAsync<JsonElement>("/v1/models")).EnumerateArray()).GetProperty("name").GetString());
    }

    [Fact]
    public async Task What_is_registered_wins_over_what_a_worker_has_under_that_name()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.StoreAsync("models/loras/ink.safetensors", Weights.Lora());
        await ScanAsync(host);
        await host.WorkAsync();
        await Adapter.ReportAsync(host.Db, [new() { Kind = AdapterKind.Lora, Name = "ink", Hash = "other" }, new() { Kind = AdapterKind.Lora, Name = "oil", Hash = "own" }], host.Time.GetUtcNow(), Token);

        Assert.Equal([("ink", Sha(Weights.Lora())), ("oil", "own")], (await host.Get<AdapterCatalog>().KnownAsync(AdapterKind.Lora, Token)).Select(adapter => (adapter.Name, adapter.Hash)));
    }

    [Fact]
    public async Task A_request_that_names_an_unknown_adapter_is_told_what_to_do()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.ReportWorkerAsync();
        using var answer = await host.Client.PostAsJsonAsync("/v1/batches", new BatchRequest { Prompt = "a <lora:ink:1>" }, FarmJson.Options, Token);
        var problem = await answer.Content.ReadAsStringAsync(Token);
        Assert.Contains("upload it with PUT /v1/files/lora/NAME/content, or put it into a worker", problem, StringComparison.Ordinal);
    }

    private static string Sha(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static Task<FileResponse> GetAsync(CoordinatorHost host, string file) => host.GetAsync<FileResponse>($"/v1/files/{file}");

    private static Task<HttpResponseMessage> PostAsync(CoordinatorHost host, RegisterFileRequest request) => host.Client.PostAsJsonAsync("/v1/files", request, FarmJson.Options, Token);

    private static async Task<HttpStatusCode> DeleteAsync(CoordinatorHost host, string file)
    {
        using var answer = await host.Client.DeleteAsync(new Uri($"/v1/files/{file}", UriKind.Relative), Token);
        return answer.StatusCode;
    }

    private static async Task<(int Found, int Added, int Changed, int Gone)> ScanAsync(CoordinatorHost host)
    {
        using var answer = await host.Client.PostAsync(new Uri("/v1/files/scan", UriKind.Relative), null, Token);
        var scan = (await answer.Content.ReadFromJsonAsync<ScanResponse>(FarmJson.Options, Token))!;
        return (scan.Found, scan.Added, scan.Changed, scan.Gone);
    }
}
