using StableDiffusion.Coordinator.Files.Checks;

namespace StableDiffusion.Coordinator.Files;

/// <summary>Puts what looks after model files into the coordinator.</summary>
internal static class FilesBuilder
{
    public static IServiceCollection AddFiles(this IServiceCollection services)
    {
        services.AddOptions<FilesOptions>().BindConfiguration(FilesOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddScoped<FileCheck>().AddScoped<CheckpointSketch>().AddScoped<FileModels>().AddScoped<FileIndexWriter>();
        services.AddScoped<FileScan>().AddScoped<FileRegistry>().AddScoped<FileUpload>().AddScoped<FileUse>();
        return services.AddSingleton<FileSignal>().AddHostedService<FileWork>();
    }
}
