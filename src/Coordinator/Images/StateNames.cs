using System.Text.Json;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace StableDiffusion.Coordinator.Images;

/// <summary>States are stored as the words the API shows, so that the tables read by themselves.</summary>
internal static class StateNames<TState>
    where TState : struct, Enum
{
    public static ValueConverter<TState, string> Converter { get; } =
        new(state => Name(state), name => Enum.Parse<TState>(name, true));

    public static string Name(TState state) => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());
}
