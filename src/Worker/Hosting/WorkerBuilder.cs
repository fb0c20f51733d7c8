using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Transport;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Commands;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Inputs;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Uploads;
using StableDiffusion.Worker.Watching;

namespace StableDiffusion.Worker.Hosting;

/// <summary>What a host calls to be a worker; it chooses the bus's transport and the object store itself.</summary>
public static class WorkerBuilder
{
    /// <summary>
    /// Registers options (section <c>Worker</c>), renderer, reports and the worker's life. The host adds a bus
    /// (<see cref="AddWorkerRabbitMq"/>, or one of its own with <see cref="AddWorkerConsumers"/>) and an object store. An
    /// <see cref="IRenderer"/> registered before stays.
    /// </summary>
    public static IHostApplicationBuilder AddWorker(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerOptionsValidator>();
        services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.Section).ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IRenderer, TorchRenderer>();
        services.AddSingleton<HeldModels>();
        services.AddSingleton<HeldAdapters>();
        services.AddSingleton<AdapterFolders>();
        services.AddSingleton<AdapterWatch>();
        services.AddSingleton<InputCache>();
        services.AddFiles();
        services.AddSingleton<WorkInHand>();
        services.AddSingleton(AskCoordinator);
        services.AddSingleton<ImageClaims>();
        services.AddSingleton<GroupPlaces>();
        services.AddSingleton<GroupRunner>();
        services.AddSingleton<GroupIntake>();
        services.AddSingleton<Uploader>();
        services.AddSingleton<ImageFinisher>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Reporter>(
            provider, provider.GetService<IReportBus>() ?? provider.GetRequiredService<IBus>()));
        services.AddSingleton<ImagesReporter>();
        services.AddSingleton<ProgressReports>();
        services.AddSingleton<Throughput>();
        services.AddSingleton<Registration>();
        services.AddSingleton<AliveFile>();
        services.AddSingleton<DeviceWatch>();
        services.AddSingleton<Heartbeat>();
        services.AddSingleton<ModelQueues>();
        services.AddSingleton<CommandEndpoint>();
        services.AddSingleton<RoomForModels>().AddSingleton<ModelLoader>().AddSingleton<ModelRenewal>();
        services.AddSingleton<Duty>();
        // not AddHostedService, which keeps one of a type: a coordinator may be in this process, too
        services.AddSingleton<IHostedService>(provider => WorkerMeter.Export(
            provider.GetRequiredService<IConfiguration>(), provider.GetRequiredService<IRenderer>(), provider.GetRequiredService<IOptions<WorkerOptions>>().Value.Id));
        services.AddHostedService<WorkerLife>();
        return builder;
    }

    /// <summary>Registers the consumers of commands. Their endpoints, a queue per model and one for this worker, are opened when the models are loaded.</summary>
    public static IBusRegistrationConfigurator AddWorkerConsumers(this IBusRegistrationConfigurator bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.DisableUsageTelemetry(); // a farm tells nobody but its users that it runs
        bus.AddConsumer<RenderImagesConsumer>().ExcludeFromConfigureEndpoints();
        bus.AddConsumer<WorkerCommandsConsumer>().ExcludeFromConfigureEndpoints();
        return bus;
    }

    /// <summary>Registers a worker's two connections to RabbitMQ: one for commands, one for reports.</summary>
    /// <param name="services">The worker's.</param>
    /// <param name="broker">The broker's URI, <c>amqp://user:password@host:port/vhost</c>.</param>
    public static IServiceCollection AddWorkerRabbitMq(this IServiceCollection services, Func<IServiceProvider, Uri> broker) => services
        .AddMassTransit(bus =>
        {
            bus.AddWorkerConsumers();
            bus.UsingRabbitMq((context, rabbit) =>
            {
                rabbit.Host(broker(context), host => host.Heartbeat(RabbitMqOptions.Heartbeat));
                rabbit.ConfigureJsonSerializerOptions(json =>
                {
                    json.WriteIndented = false; // nobody reads them as they fly
                    return json;
                });
                rabbit.ConfigureEndpoints(context);
            });
        })
        .AddMassTransit<IReportBus>(bus => bus.UsingRabbitMq((context, rabbit) => rabbit.Host(broker(context), host => host.Heartbeat(RabbitMqOptions.Heartbeat))));

    private static ClaimRequest AskCoordinator(IServiceProvider provider)
    {
        var client = new Lazy<IRequestClient<ClaimImages>>(() =>
            provider.GetRequiredService<IBus>().CreateRequestClient<ClaimImages>(Queues.CoordinatorAddress(Queues.Claims), ImageClaims.Patience));
        return async (claim, cancellationToken) =>
        {
            var answer = await client.Value.GetResponse<ImagesClaimed>(claim, cancellationToken).ConfigureAwait(false);
            return answer.Message;
        };
    }
}
