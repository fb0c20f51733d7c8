using System.Text.Json;
using System.Text.RegularExpressions;

namespace StableDiffusion.Coordinator.Problems;

/// <summary>Says in a requester's words what is wrong with a JSON body.</summary>
internal static partial class JsonFaults
{
    private const long MaxWhole = (1L << 53) - 1; // JSON readers keep whole numbers up to here

    /// <summary>The field at fault ("width", "prompts[1]", "body" for the whole) and what to change.</summary>
    public static (string Field, string Message) Explain(JsonException error, Type? bodyType, JsonSerializerOptions options)
    {
        var fields = bodyType is null ? [] : options.GetTypeInfo(bodyType).Properties.ToDictionary(property => property.Name, property => property.PropertyType);
        if (UnknownProperty().Match(error.Message) is { Success: true } unknown)
        {
            return (unknown.Groups[1].Value, $"There is no such field: leave it out, or give one of {string.Join(", ", fields.Keys.Order(StringComparer.Ordinal))}.");
        }

        if (DuplicateProperty().Match(error.Message) is { Success: true } duplicate)
        {
            return (duplicate.Groups[1].Value, "The field is given twice: keep one.");
        }

        var field = (error.Path ?? "$").TrimStart('$').TrimStart('.');
        if (error.InnerException is not (null or FormatException or InvalidOperationException) || field.Length == 0)
        {
            var place = error.LineNumber is { } line ? $" (line {line + 1}, byte {error.BytePositionInLine + 1})" : "";
            return ("body", $"The body is not a JSON object of the expected form{place}: {error.InnerException?.Message ?? "see /openapi/v1.json"}");
        }

        var isElement = field.EndsWith(']');
        var type = fields.GetValueOrDefault(field.Split('[', '.')[0]);
        return (field, type is null ? "The value is not of the expected kind; see /openapi/v1.json." : $"The value must be {Kind(type, isElement)}.");
    }

    private static string Kind(Type type, bool isElement)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsGenericType)
        {
            var element = Kind(type.GenericTypeArguments[0], false);
            return isElement ? element : $"a list, each of it {element}";
        }

        return type == typeof(string) ? "a text"
            : type == typeof(int) ? $"a whole number from {int.MinValue} to {int.MaxValue}"
            : type == typeof(long) ? $"a whole number from {-MaxWhole} to {MaxWhole}"
            : type == typeof(double) ? "a number"
            : "an object";
    }

    [GeneratedRegex("^The JSON property '(.*?)' could not be mapped to any \\.NET member")]
    private static partial Regex UnknownProperty();

    [GeneratedRegex("^Duplicate property '(.*?)' encountered")]
    private static partial Regex DuplicateProperty();
}
