using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace StableDiffusion.Farm.Tests.Deployment;

/// <summary>Reads the files that a deployment is made of. Every scalar is a string here.</summary>
internal static class DeploymentFiles
{
    public static string PathOf(params string[] path) => Path.Combine([Checkout.Root, .. path]);

    public static string Read(params string[] path) => File.ReadAllText(PathOf(path));

    /// <summary>What deploy/NAME.Dockerfile gives to the environment of its program.</summary>
    public static Dictionary<string, string> ImageSettings(string name)
    {
        string instructions = Read("deploy", $"{name}.Dockerfile").Replace("\\\n", "", StringComparison.Ordinal);
        IEnumerable<string> last = instructions.Split('\n').Reverse().TakeWhile(line => !line.StartsWith("FROM ", StringComparison.Ordinal));
        return last.Where(line => line.StartsWith("ENV ", StringComparison.Ordinal))
            .SelectMany(line => line[4..].Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    /// <summary>The one document of a YAML file, its merge keys carried out.</summary>
    public static JsonObject ReadYaml(params string[] path) => Documents(PathOf(path)).Single();

    /// <summary>The documents of a YAML file.</summary>
    public static IEnumerable<JsonObject> Documents(string file)
    {
        var parser = new MergingParser(new Parser(new StringReader(File.ReadAllText(file))));
        IDeserializer deserializer = new DeserializerBuilder().Build();
        parser.Consume<YamlDotNet.Core.Events.StreamStart>();
        while (parser.Accept<YamlDotNet.Core.Events.DocumentStart>(out _))
        {
            yield return (JsonObject)ToJson(deserializer.Deserialize<object?>(parser))!;
        }
    }

    /// <summary>All objects below and including this one.</summary>
    public static IEnumerable<JsonObject> Objects(this JsonNode? node) => node switch
    {
        JsonObject found => found.Select(property => property.Value).SelectMany(Objects).Prepend(found),
        JsonArray array => array.SelectMany(Objects),
        _ => [],
    };

    /// <summary>What "a.b.c" leads to, each array's elements for themselves.</summary>
    public static IEnumerable<JsonNode> At(this JsonNode? node, string path)
    {
        IEnumerable<JsonNode?> found = [node];
        foreach (string name in path.Split('.'))
        {
            found = found.OfType<JsonObject>().Select(parent => parent[name]).SelectMany(child => child is JsonArray array ? array.AsEnumerable() : [child]);
        }

        return found.OfType<JsonNode>();
    }

    /// <summary>The strings that "a.b.c" leads to.</summary>
    public static IEnumerable<string> Texts(this JsonNode? node, string path) => node.At(path).Select(found => found.GetValue<string>());

    /// <summary>The one string that "a.b.c" leads to.</summary>
    public static string Text(this JsonNode? node, string path) => node.Texts(path).Single();

    private static JsonNode? ToJson(object? yaml) => yaml switch
    {
        null => null,
        IDictionary<object, object?> map => new JsonObject(map.Select(entry => KeyValuePair.Create((string)entry.Key, ToJson(entry.Value)))),
        IEnumerable<object?> list => new JsonArray([.. list.Select(ToJson)]),
        string text => JsonValue.Create(text),
        _ => throw new InvalidOperationException($"a {yaml.GetType()} in YAML"),
    };
}
