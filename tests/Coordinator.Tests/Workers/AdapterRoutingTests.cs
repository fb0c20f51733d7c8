using System.Threading.Channels;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Workers;

public sealed class AdapterRoutingTests(Databases databases) : IAsyncLifetime
{
    private static readonly AdapterDescription Lora = new() { Kind = AdapterKind.Lora, Name = "pixels", Hash = new string('a', 64) };
    private static readonly AdapterDescription Vae = new() { Kind = AdapterKind.Vae, Name = "clear", Hash = new string('b', 64) };
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync(), new() { ["Dispatch:LanesPerOwner"] = "1" });

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Images_wait_for_a_worker_that_has_their_adapters_and_others_pass_them()
    {
        await RegisterAsync("worker-1", Lora, Vae);
        var styled = await host.SubmitAsync(new BatchRequest { Prompt = "a", Loras = [new LoraUse { Name = "pixels" }], Vae = "clear" });
        await RegisterAsync("worker-1", Vae); // its LoRA was taken away
        await RegisterAsync("worker-2", Lora); // nobody has both
        await host.SubmitAsync(new BatchRequest { Prompt = "b" });
        await host.SubmitAsync(new BatchRequest { Prompt = "c", Vae = "clear" });

        Assert.Equal(1, await host.RunRoundAsync()); // one lane a round here: what nobody can draw does not take its place
        Assert.Equal(1, await host.RunRoundAsync());
        Assert.Equal(0, await host.RunRoundAsync());
        var image = Assert.Single((await host.GetAsync<Page<ImageResponse>>($"{styled.ImagesUrl}?waiting=true")).Items);
        Assert.Equal((ImageState.Queued, WaitingReason.Adapters), (image.State, image.Waiting!.Reason));
        Assert.Contains("the lora \"pixels\" with the hash aaaaaaaaaaaa", image.Waiting.Message, StringComparison.Ordinal);

        await RegisterAsync("worker-2", Lora, Vae);
        Assert.Equal(1, await host.RunRoundAsync());
    }

    [Fact]
    public async Task What_only_one_worker_can_draw_goes_to_it_by_name_and_comes_back_when_it_takes_no_more()
    {
        var own = Channel.CreateUnbounded<RenderImages>();
        await host.Get<IReceiveEndpointConnector>().ConnectReceiveEndpoint(
            Queues.RenderOn("worker-2"), (_, endpoint) => endpoint.Handler<RenderImages>(command => own.Writer.WriteAsync(command.Message).AsTask())).Ready;
        await RegisterAsync("worker-1");
        await RegisterAsync("worker-2", Lora);
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a", Seed = 1, NIter = 6, Loras = [new LoraUse { Name = "pixels" }] });
        Assert.Equal(4, await host.RunRoundAsync());
        Assert.Equal(0, await host.RunRoundAsync()); // a group ahead is enough
        var command = await own.Reader.ReadAsync(Token);
        Assert.Equal(("worker-2", 4), (command.WorkerId, command.Images.Count));
        Assert.Equal("worker-2", (await host.ImageAsync(command.Images[0].ImageId)).WorkerId);

        var silent = host.Time.GetUtcNow() - new WorkerOptions().LiveFor;
        Assert.Empty(await host.Get<ImageLosses>().AbandonAsync(silent, Token));
        using var drain = await host.Client.PostAsync("/v1/workers/worker-2/drain", null, Token);
        Assert.Equal(4, (await host.Get<ImageLosses>().AbandonAsync(silent, Token)).Count);
        Assert.Equal(0, await host.RunRoundAsync());
        await RegisterAsync("worker-1", Lora);
        Assert.Equal(4, await host.RunRoundAsync());
        var shared = await host.Commands.Reader.ReadAsync(Token);
        Assert.Equal((null, 4), (shared.WorkerId, shared.Images.Count)); // all that take work have it now
        Assert.All(await host.Db.Images.Where(image => image.BatchId == batch.Id).ToListAsync(Token), image => Assert.Equal(0, image.Failures));
    }

    [Fact]
    public async Task The_same_name_with_other_content_will_not_do()
    {
        await RegisterAsync("worker-1", Lora);
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a", Loras = [new LoraUse { Name = "pixels" }] });
        await RegisterAsync("worker-1", Lora with { Hash = new string('c', 64) });
        Assert.Equal(0, await host.RunRoundAsync());
        Assert.Equal(WaitingReason.Adapters, (await host.GetAsync<BatchResponse>(batch.Url)).Waiting!.Reason);
    }

    private async Task RegisterAsync(string id, params AdapterDescription[] adapters)
    {
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await host.Get<WorkerRegister>().RegisterAsync(CoordinatorHost.Registered(id, host.Time.GetUtcNow()) with { Adapters = adapters }, Token);
        host.Get<Fleet>().Changed();
    }
}
