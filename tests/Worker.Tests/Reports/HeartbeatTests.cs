using MassTransit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Tests.Fakes;
using StableDiffusion.Worker.Tests.Files;

namespace StableDiffusion.Worker.Tests.Reports;

public sealed class HeartbeatTests
{
    [Theory, InlineData(0, false), InlineData(20, true)]
    public async Task A_worker_that_was_silent_for_long_registers_again_at_once(int frozenSeconds, bool again)
    {
        using var bench = new Bench();
        using var shelf = new Shelf();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bench.Bus.BeforeSend = () =>
        {
            switch (bench.Bus.Sent.Count)
            {
                case 2: // within the second beat
                    bench.Time.Advance(TimeSpan.FromSeconds(frozenSeconds));
                    break;
                case 5:
                    stop.Cancel();
                    break;
            }

            return Task.CompletedTask;
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => HeartbeatOf(bench, shelf.Worker().Models).RunAsync(stop.Token));

        Assert.Equal(
            again ? [true, false, false, true, false] : [true, false, false, false, false],
            bench.Bus.Sent.Take(5).Select(message => message is WorkerRegistered));
    }

    private static Heartbeat HeartbeatOf(Bench bench, ModelSource sources)
    {
        var (options, time) = (Options.Create(bench.Options), bench.Time);
        return new Heartbeat(
            bench.Reporter, new Registration(bench.Reporter, bench.Renderer, bench.Models, sources, new HeldAdapters(), time, options), bench.Renderer, bench.InHand, new Throughput(time),
            new AliveFile(options, time, NullLogger<AliveFile>.Instance), new DeviceWatch(bench.Renderer, options, time, NullLogger<DeviceWatch>.Instance), new ModelQueues(new NoEndpoints(), time, options, NullLogger<ModelQueues>.Instance),
            new GroupPlaces(time, options), time, options);
    }

    private sealed class NoEndpoints : IReceiveEndpointConnector
    {
        public HostReceiveEndpointHandle ConnectReceiveEndpoint(
            IEndpointDefinition definition, IEndpointNameFormatter? endpointNameFormatter = null, Action<IBusRegistrationContext, IReceiveEndpointConfigurator>? configure = null) =>
            throw new NotSupportedException();

        public HostReceiveEndpointHandle ConnectReceiveEndpoint(string queueName, Action<IBusRegistrationContext, IReceiveEndpointConfigurator>? configure = null) =>
            throw new NotSupportedException();
    }
}
