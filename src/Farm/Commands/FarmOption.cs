using System.CommandLine;

namespace StableDiffusion.Farm.Commands;

/// <summary>The option that several verbs share.</summary>
internal static class FarmOption
{
    /// <summary><c>--farm URL</c>: a farm elsewhere; unset: the embedded one of this checkout.</summary>
    public static Option<Uri?> Url { get; } = new("--farm")
    {
        Description = "URL of a farm that runs elsewhere, like http://farm:5080. Else the embedded one of this checkout.",
        HelpName = "URL",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
            {
                return url;
            }

            result.AddError("--farm: not a URL like http://farm:5080");
            return null;
        },
    };
}
