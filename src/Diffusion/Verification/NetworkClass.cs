using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Networks.Configs;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>The class of network that a folder holds, as its config.json names it.</summary>
/// <param name="Field">Where the name stands: transformers' <c>architectures</c> or diffusers' <c>_class_name</c>.</param>
/// <param name="Name">The name.</param>
internal sealed record NetworkClass(string Field, string Name)
{
    public static NetworkClass Of(string folder)
    {
        var config = ConfigFile.ReadObject(Path.Combine(folder, "config.json"));
        return config["architectures"] is JsonArray { Count: 1 } list
            ? new("architectures", list[0]?.ToString() ?? "null")
            : new("_class_name", config["_class_name"]?.ToString() ?? "absent");
    }
}
