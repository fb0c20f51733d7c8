using System.Text.Json;
using System.Text.Json.Nodes;

namespace StableDiffusion.Diffusion.Networks.Configs;

/// <summary>Reads and writes the config.json of a diffusers component. Fields that nobody here knows are ignored, as diffusers does.</summary>
public static class ConfigFile
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        WriteIndented = true,
    };

    /// <summary>Reads a network's configuration.</summary>
    /// <exception cref="UnsupportedConfigException">It is not valid, or asks for what is not built.</exception>
    public static T Read<T>(string path)
        where T : ICheckedConfig => Parse<T>(ReadObject(path), path);

    /// <summary>Reads a JSON file that holds an object.</summary>
    /// <exception cref="UnsupportedConfigException">It does not.</exception>
    public static JsonObject ReadObject(string path)
    {
        try
        {
            return JsonNode.Parse(PythonJson.Quote(File.ReadAllText(path)), documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false })?.AsObject() ?? throw new JsonException("it is empty");
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            throw new UnsupportedConfigException(path, $"not a JSON object: {problem.Message}", problem);
        }
    }

    /// <summary>Takes a configuration from JSON; <paramref name="source"/> names it in errors.</summary>
    /// <exception cref="UnsupportedConfigException">It is not valid, or asks for what is not built.</exception>
    public static T Parse<T>(JsonObject json, string source)
        where T : ICheckedConfig
    {
        foreach (var (field, supported) in T.Supported)
        {
            foreach (var value in json[field] is JsonArray list ? list.AsEnumerable() : [json[field]])
            {
                if (json.ContainsKey(field) && !supported.Any(one => JsonNode.DeepEquals(JsonNode.Parse(one), value)))
                {
                    throw new UnsupportedConfigException(source, field, value?.ToJsonString() ?? "null", string.Join(", ", supported));
                }
            }
        }

        T config;
        try
        {
            config = json.Deserialize<T>(Json)!;
        }
        catch (JsonException problem)
        {
            throw new UnsupportedConfigException(source, problem.Message, problem);
        }

        foreach (var (field, value, rule) in config.Contradictions())
        {
            throw new UnsupportedConfigException(source, field, value, rule);
        }

        return config;
    }

    /// <summary>Writes a configuration as diffusers reads it, with fields such as <c>_class_name</c> that say what it is of.</summary>
    public static void Write<T>(string path, T config, params (string Field, object Value)[] identity)
        where T : ICheckedConfig
    {
        var json = new JsonObject();
        foreach (var (field, value) in identity)
        {
            json[field] = JsonSerializer.SerializeToNode(value, Json);
        }

        foreach (var (field, value) in JsonSerializer.SerializeToNode(config, Json)!.AsObject())
        {
            json[field] = value?.DeepClone();
        }

        File.WriteAllText(path, json.ToJsonString(Json) + "\n");
    }
}
