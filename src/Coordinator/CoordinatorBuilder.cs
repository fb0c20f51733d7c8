using MassTransit;

namespace StableDiffusion.Coordinator;

/// <summary>What a host calls to be a coordinator; it chooses the bus's transport and the object store itself.</summary>
public static class CoordinatorBuilder
{
    /// <summary>Registers options, database, dispatcher and health checks. The host adds a bus
    /// (<see cref="AddCoordinatorConsumers"/>) and an object store.</summary>
    public static IHostApplicationBuilder AddCoordinator(this IHostApplicationBuilder builder) => builder;

    /// <summary>Registers the consumers of what workers report, with their endpoints' names and retries.</summary>
    public static IBusRegistrationConfigurator AddCoordinatorConsumers(this IBusRegistrationConfigurator bus) => bus;

    /// <summary>Maps the REST API, the batch page, health and OpenAPI.</summary>
    public static WebApplication MapCoordinator(this WebApplication app) => app;
}
