using System.CommandLine;
using System.Globalization;

namespace StableDiffusion.Farm.Rendering;

/// <summary>Options of two numbers, like 1024x768.</summary>
internal static class Pairs
{
    public static Option<(int, int)?> Option(string name, string form, string description) => new(name)
    {
        Description = description,
        HelpName = form,
        CustomParser = result =>
        {
            string[] parts = result.Tokens[0].Value.Split('x');
            if (parts.Length == 2 && Whole(parts[0]) is { } first && Whole(parts[1]) is { } second)
            {
                return (first, second);
            }

            result.AddError($"{name}: two numbers like 1024x768, not '{result.Tokens[0].Value}'");
            return null;
        },
    };

    private static int? Whole(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
