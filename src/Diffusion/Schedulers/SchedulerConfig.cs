using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using StableDiffusion.Diffusion.Networks.Configs;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>A scheduler_config.json. Each scheduler reads its own fields with its own defaults; what a class does not know is
/// ignored, as in diffusers' <c>from_config</c>, so that one model's config serves every scheduler.</summary>
public sealed class SchedulerConfig
{
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private readonly JsonObject json;
    private readonly string source;

    /// <param name="json">diffusers' field names and values.</param>
    /// <param name="source">The file, as errors name it.</param>
    public SchedulerConfig(JsonObject json, string source)
    {
        ArgumentNullException.ThrowIfNull(json);
        (this.json, this.source) = (json, source);
    }

    /// <summary>Reads scheduler_config.json.</summary>
    /// <exception cref="UnsupportedConfigException">It is not a JSON object.</exception>
    public static SchedulerConfig Load(string path) => new(ConfigFile.ReadObject(path), path);

    /// <summary>diffusers' class, as the file says; null where it does not.</summary>
    public string? ClassName => json["_class_name"]?.ToString();

    internal bool Flag(string field, bool otherwise) => Value(field, otherwise, "true or false");

    internal double Number(string field, double otherwise) => Value(field, otherwise, "a number");

    internal double? OptionalNumber(string field) => Has(field) ? Value(field, 0.0, "a number") : null;

    internal int Whole(string field, int otherwise, int least = int.MinValue)
    {
        int value = Value(field, otherwise, "a whole number");
        return value >= least ? value : throw Unsupported(field, $"{least} and more");
    }

    internal float[]? OptionalNumbers(string field) => Has(field) ? Value<float[]>(field, [], "a list of numbers") : null;

    internal string Word(string field, string otherwise) => Value(field, otherwise, "a word");

    /// <summary>One of the known words; any other is an error that lists them.</summary>
    internal string Choice(string field, string otherwise, params string[] known)
    {
        string value = Word(field, otherwise);
        return known.Contains(value) ? value : throw Unsupported(field, string.Join(", ", known));
    }

    internal UnsupportedConfigException Unsupported(string field, string supported) =>
        new(source, field, json[field]?.ToJsonString() ?? "absent", supported);

    internal bool Has(string field) => json[field] is not null;

    private T Value<T>(string field, T otherwise, string kind)
    {
        if (!Has(field))
        {
            return otherwise;
        }

        try
        {
            return json[field].Deserialize<T>(Json)!;
        }
        catch (JsonException)
        {
            throw Unsupported(field, kind);
        }
    }
}
