using System.Reflection;

namespace StableDiffusion.Worker.Hosting;

/// <summary>Which build this is.</summary>
public static class WorkerVersion
{
    /// <summary>"1.0.0+COMMIT".</summary>
    public static string Text { get; } = Of(typeof(WorkerVersion).Assembly);

    /// <summary>Version and commit that the build wrote into an assembly.</summary>
    public static string Of(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
