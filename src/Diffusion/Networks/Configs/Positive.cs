namespace StableDiffusion.Diffusion.Networks.Configs;

/// <summary>The rule that most sizes have in common.</summary>
internal static class Positive
{
    /// <summary>The fields that break it.</summary>
    public static IEnumerable<(string Field, string Value, string Rule)> Broken(params (string Field, int Value)[] fields) =>
        fields.Where(field => field.Value < 1).Select(field => (field.Field, $"{field.Value}", "a whole number from 1"));
}
