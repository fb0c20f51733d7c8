using System.Collections;
using System.Reflection;
using Microsoft.Extensions.Logging.Console;
using StableDiffusion.Contracts.Transport;
using StableDiffusion.Coordinator;
using StableDiffusion.Coordinator.Owners;
using StableDiffusion.Storage.Hosting;

namespace StableDiffusion.Farm.Tests.Deployment;

/// <summary>What the programs can be told by their environment: the properties of the options that they bind.</summary>
internal static class ProgramSettings
{
    private static readonly (string Section, Type Options)[] Both = [
        ("Objects", typeof(ObjectsOptions)), (RabbitMqOptions.Section, typeof(RabbitMqOptions)),
        ("Logging", typeof(LoggingSettings)),
    ];

    private static readonly (string Section, Type Options)[] Coordinators =
        [.. Both, ("ConnectionStrings", typeof(DatabaseOptions)), .. Sections(typeof(DatabaseOptions).Assembly)];

    private static readonly (string Section, Type Options)[] Workers =
        [.. Both, .. Sections(typeof(Worker.Hosting.WorkerOptions).Assembly), (Worker.Hosting.WorkerOptions.Section, typeof(Worker.Files.PullOptions))];

    // its exporter's own, https://opentelemetry.io/docs/specs/otel/protocol/exporter/
    private static readonly string[] OpenTelemetry =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"];

    /// <summary>Whether "Section__Property__Property" is a setting of that program.</summary>
    public static bool Has(string program, string variable)
    {
        if (OpenTelemetry.Contains(variable))
        {
            return true;
        }

        if (variable is OwnerOptions.AdminKeyVariable or OwnerOptions.WatchKeyVariable)
        {
            return program == "coordinator";
        }

        string[] names = variable.Split("__");
        return (program == "coordinator" ? Coordinators : Workers).Any(section => Is(section.Section, names[0]) && Leads(section.Options, names[1..]));
    }

    private static bool Leads(Type type, string[] names)
    {
        if (names.Length == 0)
        {
            return type == typeof(string) || type == typeof(Uri) || type.IsValueType;
        }

        if (typeof(IDictionary).IsAssignableFrom(type))
        {
            return Leads(type.GetGenericArguments()[1], names[1..]);
        }

        PropertyInfo? property = type.GetProperties().FirstOrDefault(property => Is(property.Name, names[0]));
        return property is not null && Leads(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, names[1..]);
    }

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<(string Section, Type Options)> Sections(Assembly assembly) =>
        from type in assembly.GetTypes()
        let section = type.GetField("Section", BindingFlags.Public | BindingFlags.Static)
        where section?.IsLiteral == true
        select ((string)section.GetRawConstantValue()!, type);

    /// <summary>Of .NET's own settings, those that a deployment gives.</summary>
    private sealed class LoggingSettings
    {
        public ConsoleSettings Console { get; set; } = new();
    }

    private sealed class ConsoleSettings : ConsoleLoggerOptions
    {
        public JsonConsoleFormatterOptions FormatterOptions { get; set; } = new();
    }
}
