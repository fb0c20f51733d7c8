using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using StableDiffusion.Coordinator.Problems;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Batches;

public sealed class ValidationTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync()
    {
        host = await CoordinatorHost.StartAsync(await databases.NewAsync(), new()
        {
            ["Batches:MaxBytes"] = "1048576",
            ["Batches:MaxImages"] = "100",
            ["Batches:MaxPromptLength"] = "50",
        });
        await host.ReportWorkerAsync();
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("""{}""", "prompts", "at least one prompt")]
    [InlineData("""{"prompts":[]}""", "prompts", "at least one prompt")]
    [InlineData("""{"prompts":["a","  "]}""", "prompts[1]", "empty")]
    [InlineData("""{"prompts":["a",null]}""", "prompts[1]", "empty")]
    [InlineData("""{"prompt":""}""", "prompt", "empty")]
    [InlineData("""{"prompt":"a","prompts":["b"]}""", "prompts", "not both")]
    [InlineData("""{"prompt":"012345678901234567890123456789012345678901234567890"}""", "prompt", "at most 50")]
    [InlineData("""{"prompt":"a\u0000b"}""", "prompt", "U+0000")]
    [InlineData("""{"prompt":"a","negative_prompt":"a\u0000b"}""", "negative_prompt", "U+0000")]
    [InlineData("""{"prompt":"a","deadline":"tomorrow"}""", "deadline", "a time with its zone")]
    [InlineData("""{"prompt":"a","prompt_syntax":1}""", "prompt_syntax", "\"a1111\" or \"plain\"")]
    [InlineData("""{"prompt":"a","model":"huge"}""", "model", "the farm knows tiny")]
    [InlineData("""{"prompt":"a","sampler_name":"Magic"}""", "sampler_name", "Euler a, Euler, LMS")]
    [InlineData("""{"prompt":"a","width":65}""", "width", "64 or 72")]
    [InlineData("""{"prompt":"a","height":60}""", "height", "56 or 64")]
    [InlineData("""{"prompt":"a","width":2047}""", "width", "2040 or 2048")]
    [InlineData("""{"prompt":"a","width":0}""", "width", "8 to 2048")]
    [InlineData("""{"prompt":"a","width":-64}""", "width", "8 to 2048")]
    [InlineData("""{"prompt":"a","height":4096}""", "height", "8 to 2048")]
    [InlineData("""{"prompt":"a","width":1000000000000}""", "width", "from -2147483648 to 2147483647")]
    [InlineData("""{"prompt":"a","seed":9223372036854775808}""", "seed", "from -9007199254740991 to 9007199254740991")]
    [InlineData("""{"prompt":"a","steps":0}""", "steps", "1 to 150")]
    [InlineData("""{"prompt":"a","steps":151}""", "steps", "1 to 150")]
    [InlineData("""{"prompt":"a","cfg_scale":-0.1}""", "cfg_scale", "0 to 30")]
    [InlineData("""{"prompt":"a","cfg_scale":1e400}""", "cfg_scale", "0 to 30")]
    [InlineData("""{"prompt":"a","cfg_scale":"NaN"}""", "cfg_scale", "a number")]
    [InlineData("""{"prompt":"a","seed":-2}""", "seed", "-1 for a random one")]
    [InlineData("""{"prompt":"a","seed":9007199254740992}""", "seed", "0 to 9007199254740991")]
    [InlineData("""{"prompt":"a","seed":9007199254740991,"n_iter":2}""", "seed", "9007199254740990 or less")]
    [InlineData("""{"prompt":"a","seed":1.5}""", "seed", "a whole number")]
    [InlineData("""{"prompt":"a","seeds":[1,-2]}""", "seeds[1]", "-1 for a random one")]
    [InlineData("""{"prompt":"a","seeds":[]}""", "seeds", "at least one seed")]
    [InlineData("""{"prompt":"a","seeds":[1],"seed":2}""", "seed", "not both")]
    [InlineData("""{"prompt":"a","seeds":[1],"n_iter":2}""", "n_iter", "not both")]
    [InlineData("""{"prompt":"a","n_iter":0}""", "n_iter", "1 to 100")]
    [InlineData("""{"prompt":"a","n_iter":101}""", "n_iter", "1 to 100")]
    [InlineData("""{"prompts":["a","b"],"n_iter":51}""", "n_iter", "100 images")]
    [InlineData("""{"prompt":"a","colour":"red"}""", "colour", "no such field")]
    [InlineData("""{"prompt":"a","a.b[0]":1}""", "a.b[0]", "or give one of batch_class,")]
    [InlineData("""{"prompt":"a","loras":[{"it's":1}]}""", "loras[0].it's", "or give one of name, weight")]
    [InlineData("""{"prompt":"a","":1}""", "\"\"", "no such field")]
    [InlineData("""{"prompt":"a","two\nlines":1}""", "two\nlines", "no such field")]
    [InlineData("""{"prompt":"a","prompt":"b"}""", "prompt", "twice")]
    [InlineData("""{"prompt":"a","loras":[{"name":"b","name":"c"}]}""", "loras[0].name", "twice")]
    [InlineData("""{"prompt":"a","runs":[{"steps":1,"steps":2}]}""", "runs[0].steps", "twice")]
    [InlineData("""{"prompt":"a","product":{"steps":[1],"seed":[2],"steps":[3]}}""", "product.steps", "twice")]
    [InlineData("""{"prompt":"a","runs":[{"zip":{"steps":[1],"steps":[3]}}]}""", "runs[0].zip.steps", "twice")]
    [InlineData("""{"prompt":"a","product":{"loras":[[{"name":"b","name":"c"}]]}}""", "product.loras.name", "twice")]
    [InlineData("""{"prompt":"a\ud800"}""", "prompt", "no valid Unicode")]
    [InlineData("""{"prompts":["a","\udc00b"]}""", "prompts[1]", "no valid Unicode")]
    [InlineData("""{"prompt":"a","steps":"many"}""", "steps", "a whole number")]
    [InlineData("""{"prompts":"a"}""", "prompts", "a list, each of it a text")]
    [InlineData("""{"prompts":["a",1]}""", "prompts[1]", "a text")]
    [InlineData("""{"prompt":"a",""", "body", "line 1")]
    [InlineData("""[]""", "body", "JSON object")]
    [InlineData("null", "body", "JSON object")]
    [InlineData("", "body", "JSON object")]
    public async Task Bad_input_is_refused_with_the_field_and_the_fix(string body, string field, string fix)
    {
        using var answer = await PostAsync(body, "application/json");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token));
        var errors = problem.RootElement.GetProperty("errors");
        Assert.True(errors.TryGetProperty(field, out var messages), errors.ToString());
        Assert.Contains(fix, messages[0].GetString(), StringComparison.Ordinal);
        Assert.Empty(host.Db.Batches);
    }

    [Fact]
    public async Task A_body_that_is_no_JSON_is_told_its_place_without_advice_to_NETs_programmers()
    {
        using var answer = await PostAsync("""{"prompt":"a",}""", "application/json");
        var text = await answer.Content.ReadAsStringAsync(Token);
        Assert.Contains("(line 1, byte 15): The JSON object contains a trailing comma at the end which is not supported in this mode.\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_unknown_name_is_cut_off()
    {
        using var answer = await PostAsync($$"""{"prompt":"a","{{new string('x', 3000)}}":1}""", "application/json");
        Assert.Contains($"\"{new string('x', 100)}…\":", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_errors_are_told_at_once()
    {
        using var answer = await PostAsync("""{"prompts":[""],"width":65,"steps":0,"sampler_name":"x"}""", "application/json");
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token));
        Assert.Equal(
            ["prompts[0]", "sampler_name", "steps", "width"],
            problem.RootElement.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task Another_content_type_is_refused_with_the_one_to_send()
    {
        using var answer = await PostAsync("""{"prompt":"a"}""", "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("Content-Type: application/json", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_that_is_too_large_is_refused_with_the_size_it_may_have()
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpMaxRequestBodySizeFeature>(new BodySize { MaxRequestBodySize = 1000 });
        var problem = new ProblemDetails { Status = StatusCodes.Status413PayloadTooLarge };
        RequestProblems.Complete(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem });
        Assert.Equal("The body has more than 1000 bytes: split the batch, or send smaller pictures.", problem.Detail);
    }

    [Fact]
    public void The_largest_body_is_a_setting()
    {
        var submit = host.Get<EndpointDataSource>().Endpoints.Single(endpoint => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName == "SubmitBatch");
        Assert.Equal(1 << 20, submit.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize);
    }

    [Fact]
    public async Task A_model_must_be_named_when_the_farm_knows_several()
    {
        await host.Get<WorkerRegister>().RegisterAsync(
            CoordinatorHost.Registered("worker-2", host.Time.GetUtcNow()) with { Models = [CoordinatorHost.Description with { Name = "other" }] }, Token);
        using var answer = await PostAsync("""{"prompt":"a"}""", "application/json");
        Assert.Contains("Name a model: the farm knows other, tiny", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_a_worker_could_not_load_is_refused_with_the_workers_reason()
    {
        var fault = new ModelFault { Name = "cut", Reason = "unet/diffusion_pytorch_model.safetensors is truncated\0" };
        await host.Get<WorkerRegister>().RegisterAsync(
            CoordinatorHost.Registered("worker-2", host.Time.GetUtcNow()) with { Faults = [fault], Loading = true }, Token);
        using var answer = await PostAsync("""{"prompt":"a","model":"cut"}""", "application/json");
        Assert.Contains("could not be loaded: unet/diffusion_pytorch_model.safetensors is truncated", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        var worker = (await host.GetAsync<List<WorkerResponse>>("/v1/workers")).Single(worker => worker.Id == "worker-2");
        Assert.Equal((fault with { Reason = fault.Reason.Replace('\0', '\uFFFD') }, true), (Assert.Single(worker.Faults), worker.Loading)); // as PostgreSQL takes it
    }

    private sealed class BodySize : IHttpMaxRequestBodySizeFeature
    {
        public bool IsReadOnly => false;

        public long? MaxRequestBodySize { get; set; }
    }

    private Task<HttpResponseMessage> PostAsync(string body, string contentType) =>
        host.Client.PostAsync(new Uri("/v1/batches", UriKind.Relative), new StringContent(body, Encoding.UTF8, contentType), Token);
}
