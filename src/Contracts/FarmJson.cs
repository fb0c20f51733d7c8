using System.Text.Json;
using System.Text.Json.Serialization;

namespace StableDiffusion.Contracts;

/// <summary>How the REST API writes and reads JSON; clients use the same options.</summary>
public static class FarmJson
{
    /// <summary>Ready to use; read-only.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>snake_case names, enums as snake_case words, null left out; names nobody knows are errors, not ignored.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Configure(options);
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip; // a client outlives the server's next version
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
