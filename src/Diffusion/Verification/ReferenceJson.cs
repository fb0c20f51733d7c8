using System.Text.Json;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>Reads the rows of a JSON file of references.</summary>
internal static class ReferenceJson
{
    /// <summary>A field that every row has.</summary>
    /// <exception cref="InvalidDataException">This one has not; the message names it.</exception>
    public static JsonElement Field(this JsonElement row, string name) =>
        row.ValueKind == JsonValueKind.Object && row.TryGetProperty(name, out var value) ? value : throw new InvalidDataException($"there is no \"{name}\" in it");

    /// <summary>The fields of a row beside those that are known, in words; null where there is none.</summary>
    public static string? Unknown(this JsonElement row, params string[] known) =>
        row.EnumerateObject().FirstOrDefault(field => !known.Contains(field.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } field ? $"\"{field.Name}\" is not built" : null;
}
