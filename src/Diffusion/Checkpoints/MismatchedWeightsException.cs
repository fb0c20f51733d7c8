using System.Text;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>Weights that are not those of the network their config describes. Every key at fault is listed.</summary>
public sealed class MismatchedWeightsException : InvalidModelException
{
    internal MismatchedWeightsException(string path, string network, IReadOnlyList<string> missing, IReadOnlyList<string> unexpected, IReadOnlyList<string> misshapen)
        : base(path, Describe(path, network, missing, unexpected, misshapen))
    {
        Missing = missing;
        Unexpected = unexpected;
        Misshapen = misshapen;
    }

    /// <summary>Keys that the network has and the file lacks.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>Keys that the file has and the network does not.</summary>
    public IReadOnlyList<string> Unexpected { get; }

    /// <summary>Keys whose shapes differ, with both shapes.</summary>
    public IReadOnlyList<string> Misshapen { get; }

    private static string Describe(string path, string network, IReadOnlyList<string> missing, IReadOnlyList<string> unexpected, IReadOnlyList<string> misshapen)
    {
        var text = new StringBuilder($"{path}: these weights do not fit the {network} that its configuration describes.");
        foreach (var (what, keys) in new[] { ("Missing", missing), ("Unexpected", unexpected), ("Misshapen", misshapen) })
        {
            if (keys.Count > 0)
            {
                text.Append(null, $"\n{what} ({keys.Count}): {string.Join(", ", keys)}");
            }
        }

        return text.ToString();
    }
}
