using System.Text.Json;
using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Checkpoints.Ldm;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>ldm-keys.json: the keys of published checkpoints in the LDM/OpenCLIP layout and what diffusers calls them, against the
/// renames for the sizes in published-configs.json.</summary>
internal sealed class LdmKeysCheck : IVerificationCheck
{
    private const string Keys = "ldm-keys.json";
    private const string Configs = "published-configs.json";

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        if (!run.Has(Keys) || !run.Has(Configs))
        {
            yield break;
        }

        var configs = JsonObject.Create(run.ReadJson(Configs))!;
        foreach (var network in run.ReadJson(Keys).EnumerateObject())
        {
            cancellationToken.ThrowIfCancellationRequested();
            string name = $"{Keys}: {network.Name}";
            foreach (var row in VerificationRun.Guarded(name, () => Compare(run, name, network, configs[network.Name]?.AsObject())))
            {
                yield return row;
            }
        }
    }

    private static IEnumerable<VerificationRow> Compare(VerificationRun run, string name, JsonProperty network, JsonObject? config)
    {
        if (config is null || Layout(network.Name, config) is not { } layout)
        {
            string reason = config is null ? $"{Configs} has no sizes for it" : "this network is not built";
            return [new VerificationRow(name, network.Value.EnumerateObject().Count(), VerificationOutcome.NotCovered, Note: reason)];
        }

        var comparison = new Comparison(run, name, 0);
        foreach (var key in network.Value.EnumerateObject())
        {
            var expected = key.Value.EnumerateArray().Select(name => name.GetString());
            comparison.Equal(key.Name, layout(key.Name).Select(weight => weight.Name).SequenceEqual(expected));
        }

        return comparison.Rows();
    }

    /// <summary>The renames of the network that the part after the slash names, or null where it has none.</summary>
    private static WeightLayout? Layout(string name, JsonObject config) => name.Split('/')[^1] switch
    {
        "unet" => LdmLayout.UNet(ConfigFile.Parse<UNet2DConditionConfig>(config, Configs)),
        "vae" => LdmLayout.Vae(ConfigFile.Parse<AutoencoderKLConfig>(config, Configs)),
        "text_encoder" => LdmLayout.OpenClipText(ConfigFile.Parse<CLIPTextConfig>(config, Configs), SingleFileFamilies.SD2TextEncoder),
        "text_encoder_2" => LdmLayout.OpenClipText(ConfigFile.Parse<CLIPTextConfig>(config, Configs), SingleFileFamilies.XLTextEncoder2),
        _ => null,
    };
}
