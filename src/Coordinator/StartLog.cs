using System.Reflection;

namespace StableDiffusion.Coordinator;

/// <summary>Says at start what is running.</summary>
internal static partial class StartLog
{
    /// <summary>Version and, after the plus sign, commit of this build.</summary>
    public static string Version { get; } =
        typeof(StartLog).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    [LoggerMessage(Level = LogLevel.Information, Message = "Coordinator {Version} on {Runtime}")]
    private static partial void Log(ILogger logger, string version, string runtime);

    public static void Write(ILogger logger) => Log(logger, Version, System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription);
}
