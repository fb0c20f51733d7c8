using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Files;

/// <summary>Puts what pulls files from the farm's store into the worker.</summary>
internal static class FilesBuilder
{
    public static IServiceCollection AddFiles(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<PullOptions>, PullOptionsValidator>();
        services.AddOptions<PullOptions>().BindConfiguration(WorkerOptions.Section).ValidateOnStart();
        services.AddSingleton<IndexReader>().AddSingleton<FileCache>().AddSingleton<CacheView>().AddSingleton<PulledFiles>().AddSingleton<PulledAdapters>().AddSingleton<ModelSource>();
        return services.AddHostedService<FileWatch>();
    }
}
