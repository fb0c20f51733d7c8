using System.CommandLine;
using System.Globalization;

namespace StableDiffusion.Farm.Commands;

/// <summary>What an option's value must be, told in the option's own name before anything runs.</summary>
internal static class OptionRules
{
    /// <summary>A whole number of a range.</summary>
    public static Option<int> Within(this Option<int> option, int least, int most = int.MaxValue)
    {
        option.Validators.Add(result =>
        {
            // what is no whole number at all has an error already
            if (result.Tokens is [var token] && int.TryParse(token.Value, NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) && (value < least || value > most))
            {
                result.AddError($"{option.Name}: {(most == int.MaxValue ? $"{least} or more" : $"{least} to {most}")}");
            }
        });
        return option;
    }

    /// <summary>A number as programs write it, 7.5, whatever the user's language; "7,5" is no 75.</summary>
    public static Option<double?> Number(this Option<double?> option)
    {
        option.CustomParser = result =>
        {
            if (double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number))
            {
                return number;
            }

            result.AddError($"{option.Name}: a number like 7.5, not '{result.Tokens[0].Value}'");
            return null;
        };
        return option;
    }
}
