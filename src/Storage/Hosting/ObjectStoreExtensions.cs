using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StableDiffusion.Storage.Folders;
using StableDiffusion.Storage.S3;

namespace StableDiffusion.Storage.Hosting;

/// <summary>Puts the object store into a host.</summary>
public static class ObjectStoreExtensions
{
    /// <summary>
    /// Adds the <see cref="IObjectStore"/> that the section <c>Objects</c> asks for, makes its bucket or folder at start, and
    /// adds the health check "objects". May be called twice: an embedded farm's two halves share one store.
    /// </summary>
    public static IHostApplicationBuilder AddObjectStore(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Services.Any(service => service.ServiceType == typeof(IObjectStore)))
        {
            return builder;
        }
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IValidateOptions<ObjectsOptions>, ObjectsOptionsValidator>();
        builder.Services.AddOptions<ObjectsOptions>().BindConfiguration("Objects").ValidateOnStart();
        builder.Services.AddSingleton<IObjectStore>(services =>
        {
            var options = services.GetRequiredService<IOptions<ObjectsOptions>>().Value;
            return new MeasuredObjectStore(options.Kind == "folder"
                ? new FolderObjectStore(options.Folder, services.GetRequiredService<TimeProvider>())
                : new S3ObjectStore(options.S3));
        });
        builder.Services.AddHostedService<ObjectStorePreparation>();
        builder.Services.AddHealthChecks().AddCheck<ObjectStoreHealthCheck>("objects");
        return builder;
    }
}
