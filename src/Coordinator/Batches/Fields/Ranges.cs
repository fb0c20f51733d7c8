namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>Numbers of a request that must lie in a range.</summary>
internal static class Ranges
{
    /// <summary>The number, or what stands for one that is left out; an error when it is out of range.</summary>
    public static double Number(this RequestErrors errors, string field, double? given, double otherwise, double least, double most, string note = "")
    {
        var value = given ?? otherwise;
        if (!(value >= least && value <= most)) // so that NaN is out of range, too
        {
            errors.Add(field, $"{value} is out of range: give {least} to {most}{note}.");
        }

        return value;
    }

    /// <summary>As <see cref="Number"/>, for whole numbers.</summary>
    public static int Whole(this RequestErrors errors, string field, int? given, int otherwise, int least, int most, string note = "")
    {
        var value = given ?? otherwise;
        if (value < least || value > most)
        {
            errors.Add(field, $"{value} is out of range: give {least} to {most}{note}.");
        }

        return value;
    }

    /// <summary>The share of the steps that is taken over a picture. One that is too small for a single step is refused: it would take none.</summary>
    public static double Strength(this RequestErrors errors, double? given, double otherwise, int steps)
    {
        var strength = errors.Number("denoising_strength", given, otherwise, 0, 1);
        if (strength is > 0 and <= 1 && steps > 0 && (int)(strength * steps) == 0)
        {
            errors.Add("denoising_strength", $"{strength} of {steps} steps is less than one: give {Math.Ceiling(1000.0 / steps) / 1000} or more, more steps, or 0 for none.");
        }

        return strength;
    }

    /// <summary>Refuses fields that say nothing because what they belong to is not asked for.</summary>
    /// <param name="errors">Takes the errors.</param>
    /// <param name="owner">What they belong to: "init_images".</param>
    /// <param name="fields">Each with what was given.</param>
    public static void Only(this RequestErrors errors, string owner, params ReadOnlySpan<(string Field, object? Given)> fields)
    {
        foreach (var (field, given) in fields)
        {
            if (given is not null)
            {
                errors.Idle(field, $"It says nothing without {owner}: leave it out, or give {owner}, too.");
            }
        }
    }
}
