using System.Text.Json;
using System.Text.RegularExpressions;
using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator.Problems;

/// <summary>Says in a requester's words what is wrong with a JSON body.</summary>
internal static partial class JsonFaults
{
    private const int LongestName = 100;
    private const long MaxWhole = (1L << 53) - 1; // JSON readers keep whole numbers up to here

    /// <summary>The field at fault ("width", "prompts[1]", "body" for the whole) and what to change.</summary>
    public static (string Field, string Message) Explain(JsonException error, Type? bodyType, JsonSerializerOptions options)
    {
        if (UnknownProperty().Match(error.Message) is { Success: true } unknown)
        {
            var name = unknown.Groups[1].Value;
            var owner = Owner(error, name);
            IEnumerable<string> known = TypeAt(bodyType, owner, options) is { } type ? Fields(type, options).Keys.Order(StringComparer.Ordinal) : [];
            var place = name.Length == 0 ? "\"\"" : name.Length <= LongestName ? name : name[..LongestName] + "…";
            return (owner.Length == 0 ? place : $"{owner}.{place}", $"There is no such field: leave it out, or give one of {string.Join(", ", known)}.");
        }

        if (DuplicateProperty().Match(error.Message) is { Success: true } duplicate)
        {
            var (path, name) = (Path(error), duplicate.Groups[1].Value); // a list's value has no path of its own
            var isNamed = name.Length == 0 || path == name || path.EndsWith($".{name}", StringComparison.Ordinal) || path.EndsWith($"['{name}']", StringComparison.Ordinal);
            return (isNamed ? path : path.Length == 0 ? name : $"{path}.{name}", "The field is given twice: keep one.");
        }

        var field = Path(error);
        if (error.InnerException is not (null or FormatException or InvalidOperationException) || field.Length == 0)
        {
            var place = error.LineNumber is { } line ? $" (line {line + 1}, byte {error.BytePositionInLine + 1})" : "";
            return ("body", $"The body is not a JSON object of the expected form{place}: {(error.InnerException is { } reason ? Advice().Replace(reason.Message, "") : "see /openapi/v1.json")}");
        }

        if (error.InnerException is InvalidOperationException { Message: var message } && message.Contains("UTF-", StringComparison.Ordinal))
        {
            return (field, "The text is no valid Unicode: send it as UTF-8, with surrogates (\\ud83d\\ude00) in pairs only.");
        }

        return (field, TypeAt(bodyType, field, options) is { } wanted ? $"The value must be {Kind(wanted, options)}." : "The value is not of the expected kind; see /openapi/v1.json.");
    }

    private static string Path(JsonException error) => (error.Path ?? "$").TrimStart('$').TrimStart('.');

    /// <summary>The object that an unknown field stands in; "" for the body. The error's path ends with the field's name, in brackets where
    /// it has signs of its own, or, in a list, with the object's place.</summary>
    private static string Owner(JsonException error, string name)
    {
        var path = Path(error);
        return path.EndsWith($"['{name}']", StringComparison.Ordinal) ? path[..^(name.Length + 4)]
            : path.EndsWith(']') ? path
            : path.EndsWith(name, StringComparison.Ordinal) ? path[..^name.Length].TrimEnd('.')
            : path[..Math.Max(path.LastIndexOf('.'), 0)];
    }

    private static Dictionary<string, Type> Fields(Type type, JsonSerializerOptions options) =>
        options.GetTypeInfo(type).Properties.ToDictionary(property => property.Name, property => property.PropertyType);

    /// <summary>The type of a field, or of a list's element, by its path: "controlnet_units[0].weight".</summary>
    private static Type? TypeAt(Type? type, string path, JsonSerializerOptions options)
    {
        foreach (var step in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = step.Split('[')[0]; // none in a list by itself: "[7]"
            type = type is null || name.Length == 0 ? type : Fields(type, options).GetValueOrDefault(name);
            type = type is { IsGenericType: true } && step.EndsWith(']') ? type.GenericTypeArguments[0] : type;
        }

        return type;
    }

    private static string Kind(Type type, JsonSerializerOptions options)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsGenericType)
        {
            return $"a list, each of it {Kind(type.GenericTypeArguments[0], options)}";
        }

        return type == typeof(string) ? "a text"
            : type == typeof(int) ? $"a whole number from {int.MinValue} to {int.MaxValue}"
            : type == typeof(long) ? $"a whole number from {-MaxWhole} to {MaxWhole}"
            : type == typeof(double) ? "a number"
            : type == typeof(bool) ? "true or false"
            : type == typeof(ImageReference) ? "an image's place in the batch, from 0, or its id"
            : type == typeof(DateTimeOffset) ? "a time with its zone, like 2026-03-14T15:09:26Z"
            : type == typeof(Guid) ? "an id, like 0198d3c4-2210-76c1-8c43-4e112579a707"
            : type.IsEnum ? string.Join(" or ", Enum.GetValues(type).Cast<object>().Select(value => JsonSerializer.Serialize(value, type, options)).Order(StringComparer.Ordinal))
            : "an object";
    }

    [GeneratedRegex("^The JSON property '(.*?)' could not be mapped to any \\.NET member", RegexOptions.Singleline)]
    private static partial Regex UnknownProperty();

    [GeneratedRegex("^Duplicate propert(?:y '(.*?)' encountered|ies not allowed)", RegexOptions.Singleline)]
    private static partial Regex DuplicateProperty();

    // for .NET's programmers, and what was said already
    [GeneratedRegex(" Change the reader options\\.| LineNumber: .*$")]
    private static partial Regex Advice();
}
