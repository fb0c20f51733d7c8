using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Npgsql;
using StableDiffusion.Contracts;
using StableDiffusion.Coordinator.Adapters;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Batches.Idempotency;
using StableDiffusion.Coordinator.Batches.Reruns;
using StableDiffusion.Coordinator.Batches.Verification;
using StableDiffusion.Coordinator.Clocks;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Downloads;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Files;
using StableDiffusion.Coordinator.Health;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Inputs;
using StableDiffusion.Coordinator.Keeping;
using StableDiffusion.Coordinator.Migrations;
using StableDiffusion.Coordinator.Models;
using StableDiffusion.Coordinator.Owners;
using StableDiffusion.Coordinator.Pages;
using StableDiffusion.Coordinator.Problems;
using StableDiffusion.Coordinator.Scaling;
using StableDiffusion.Coordinator.Search;
using StableDiffusion.Coordinator.Waits;
using StableDiffusion.Coordinator.Watching;
using StableDiffusion.Coordinator.Webhooks;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator;

/// <summary>What a host calls to be a coordinator; it chooses the bus's transport and the object store itself.</summary>
public static class CoordinatorBuilder
{
    /// <summary>Registers options, database, dispatcher and health checks. The host adds a bus with
    /// <see cref="AddCoordinatorConsumers"/> and an object store.</summary>
    public static IHostApplicationBuilder AddCoordinator(this IHostApplicationBuilder builder)
    {
        AddLogLevels(builder.Configuration);
        var services = builder.Services;
        services.AddSingleton(new FarmClock(TimeProvider.System)).TryAddSingleton<TimeProvider>(provider => provider.GetRequiredService<FarmClock>());
        AddOptions<BatchesOptions>(services, BatchesOptions.Section);
        AddOptions<InputOptions>(services, InputOptions.Section);
        AddOptions<ImageOptions>(services, ImageOptions.Section);
        AddOptions<DispatchOptions>(services, DispatchOptions.Section);
        AddOptions<WorkerOptions>(services, WorkerOptions.Section);
        AddOptions<ScalingOptions>(services, ScalingOptions.Section);
        AddDatabase(services);
        services.AddOwners();
        services.AddFiles();
        services.AddEvents();
        services.AddWebhooks();
        services.AddKeeping();
        services.AddWatching();
        services.AddScoped<BatchArchive>();

        services.AddScoped<ModelCatalog>().AddScoped<AdapterCatalog>().AddScoped<CatalogReader>();
        services.AddScoped<IdempotencyKeys>().AddScoped<Submission>().AddScoped<ImageSelector>().AddScoped<RerunVerification>()
            .AddScoped<RerunResolver>().AddScoped<OverrideResolver>().AddScoped<RecipeResolver>().AddScoped<BatchResolver>()
            .AddScoped<BatchStore>().AddScoped<BatchOrigin>().AddScoped<BatchActions>().AddScoped<InputStore>();
        services.AddScoped<ImageTransitions>().AddScoped<ImageClaims>().AddScoped<ImageProgress>().AddScoped<ImageEnds>()
            .AddScoped<ImageLosses>().AddScoped<ImageCancels>().AddScoped<ImageReplays>().AddScoped<ImageLacks>();
        services.AddScoped<WorkerRegister>().AddScoped<WorkerHealth>().AddScoped<WorkerCommands>().AddScoped<WorkerActions>()
            .AddSingleton<Hearing>().AddSingleton<Namesakes>().AddSingleton<ToldLoads>().AddScoped<ModelLoads>();
        services.AddSingleton<WaitingWork>().AddSingleton<RenderRates>().AddScoped<ScalingSignal>().AddScoped<AdapterHolders>()
            .AddScoped<WaitingPlaces>().AddScoped<WaitReasons>();
        services.AddSingleton<DispatchSignal>().AddSingleton<Fleet>().AddSingleton<RecipeCache>().AddSingleton<ServedOwners>()
            .AddSingleton<Leadership>().AddScoped<Backlog>().AddScoped<GroupPublisher>().AddScoped<DispatchRound>()
            .AddScoped<Upkeep>();
        services.AddHostedService<DatabaseStart>().AddHostedService<ClockSetting>().AddHostedService<Restart>().AddHostedService<Dispatcher>();

        services.ConfigureHttpJsonOptions(json => FarmJson.Configure(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(handlers => handlers.ThrowOnBadRequest = true); // so that RequestProblems explains it
        services.AddProblemDetails(problems => problems.CustomizeProblemDetails = RequestProblems.Complete).AddExceptionHandler<RequestProblems>();
        services.AddOpenApi("v1", FarmOpenApi.Describe);
        services.AddHealthChecks().AddCheck<PostgresHealthCheck>(PostgresHealthCheck.Name);
        return builder;
    }

    /// <summary>Registers the consumers of what workers report, with their endpoints' names and retries.</summary>
    public static IBusRegistrationConfigurator AddCoordinatorConsumers(this IBusRegistrationConfigurator bus)
    {
        bus.DisableUsageTelemetry(); // a farm tells nobody but its users that it runs
        bus.AddConsumer<ClaimImagesConsumer, ClaimImagesEndpoint>();
        bus.AddConsumer<ImagesReportedConsumer, ImagesReportedEndpoint>();
        bus.AddConsumer<WorkerRegisteredConsumer, WorkerRegisteredEndpoint>();
        bus.AddConsumer<WorkerBeatsConsumer, WorkerBeatsEndpoint>();
        return bus;
    }

    /// <summary>Maps the REST API, the batch page, health and OpenAPI.</summary>
    public static WebApplication MapCoordinator(this WebApplication app)
    {
        app.UseRequestSpans();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseOwners();
        var routes = app.WithHead();
        routes.MapSearch();
        routes.MapBatches();
        routes.MapSubmission();
        routes.MapVerification();
        routes.MapImages();
        routes.MapImageActions();
        routes.MapDownloads();
        routes.MapKeeping();
        routes.MapEvents();
        routes.MapWebhooks();
        routes.MapModels();
        routes.MapAdapters();
        routes.MapFiles();
        routes.MapWorkers();
        routes.MapScaling();
        routes.MapOwnersAndKeys();
        routes.MapBatchPage();
        routes.MapHealth();
        routes.MapMetrics();
        routes.MapApiDocument();
        return app;
    }

    // defaults, beneath whatever the host's configuration says: a line for each request and each statement would hide the rest
    private static void AddLogLevels(IConfigurationManager configuration) => configuration.Sources.Insert(0, new MemoryConfigurationSource
    {
        InitialData =
        [
            new("Logging:LogLevel:Microsoft.AspNetCore", nameof(LogLevel.Warning)),
            // warns of a container that forgets its keys; nothing is protected by them here
            new("Logging:LogLevel:Microsoft.AspNetCore.DataProtection", nameof(LogLevel.Error)),
            new("Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Command", nameof(LogLevel.Warning)),
            // what they tell comes as an exception, too, and is said once where it is met
            new("Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Connection", nameof(LogLevel.None)),
            new("Logging:LogLevel:Microsoft.EntityFrameworkCore.Query", nameof(LogLevel.None)),
            // a report that is tried again is no news until it fails for good, which is an error
            new("Logging:LogLevel:MassTransit.ReceiveTransport", nameof(LogLevel.Error)),
        ],
    });

    private static void AddOptions<TOptions>(IServiceCollection services, string section)
        where TOptions : class =>
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();

    private static void AddDatabase(IServiceCollection services)
    {
        services.AddOptions<DatabaseOptions>().BindConfiguration("ConnectionStrings").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => NpgsqlDataSource.Create(provider.GetRequiredService<IOptions<DatabaseOptions>>().Value.Tuned()));
        services.AddDbContext<FarmDb>((provider, db) => db.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>())
            // a name that is taken is no error of the farm's: whoever meets the exception says what it means
            .ConfigureWarnings(logged => logged.Log((RelationalEventId.CommandError, LogLevel.Debug), (CoreEventId.SaveChangesFailed, LogLevel.Debug))));
    }
}
