using System.Text.Json;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace StableDiffusion.Coordinator.Images;

/// <summary>States are stored as the words the API shows, so that the tables read by themselves.</summary>
internal static class StateNames<TState>
    where TState : struct, Enum
{
    private static readonly Dictionary<string, TState> ByName = Enum.GetValues<TState>().ToDictionary(Name, StringComparer.OrdinalIgnoreCase);

    public static ValueConverter<TState, string> Converter { get; } =
        new(state => Name(state), name => Enum.Parse<TState>(name, true));

    /// <summary>All words, as a sentence has them: "pending, delivered or failed".</summary>
    public static string Words { get; } = string.Join(", ", ByName.Keys.SkipLast(1)) + " or " + ByName.Keys.Last();

    public static string Name(TState state) => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    /// <summary>The state of a word in a request; null when it is none.</summary>
    public static TState? Find(string? word) => word is not null && ByName.TryGetValue(word, out var state) ? state : null;
}
