using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Settings;

namespace StableDiffusion.Farm.Rendering;

/// <summary>LoRAs, a VAE and ControlNets.</summary>
internal sealed partial class AdapterOptions
{
    private readonly Option<LoraUse[]> loras = new("--lora")
    {
        Description = "A LoRA and how much of it, like ink:0.8; may be given several times.",
        HelpName = "NAME[:WEIGHT]",
        CustomParser = result => [.. result.Tokens.Select(token => Lora(token.Value) ?? Fault<LoraUse>(result, $"--lora: a name and a number like ink:0.8, not '{token.Value}'"))],
    };

    private readonly Option<(string Model, string File, double? Weight, double? Start, double? End)[]> controlNets = new("--controlnet")
    {
        Description = "A ControlNet and the PNG that it follows, how much and over which share of the steps, like canny=edges.png:0.8:0-0.5; may be given several times.",
        HelpName = "NAME=FILE[:WEIGHT[:START-END]]",
        CustomParser = result => [.. result.Tokens.Select(token => ControlNet(token.Value) ?? Fault<(string, string, double?, double?, double?)>(
            result, $"--controlnet: like canny=edges.png, canny=edges.png:0.8 or canny=edges.png:0.8:0-0.5, not '{token.Value}'"))],
    };

    private readonly Option<bool> guess = new("--controlnet-guess") { Description = "The ControlNets are more important than the prompt (diffusers' guess mode)." };
    private readonly Option<string?> vae = new("--vae") { Description = "Name of a VAE in place of the model's own." };

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All => [loras, controlNets, guess, vae];

    public BatchRequest Apply(BatchRequest request, ParseResult parsed) => request with
    {
        Loras = parsed.GetValue(loras) is { Length: > 0 } uses ? uses : null,
        Vae = parsed.GetValue(vae),
        ControlnetUnits = parsed.GetValue(controlNets) is { Length: > 0 } units
            ? [.. units.Select(unit => new ControlNetUnit
            {
                Model = unit.Model,
                Image = PictureFiles.Read(controlNets.Name, unit.File),
                Weight = unit.Weight,
                GuidanceStart = unit.Start,
                GuidanceEnd = unit.End,
                ControlMode = parsed.GetValue(guess) ? ControlModes.Control : null,
            })]
            : parsed.GetValue(guess) ? throw new FarmException("--controlnet-guess says nothing without --controlnet") : null,
    };

    private static LoraUse? Lora(string text)
    {
        int colon = text.LastIndexOf(':');
        return colon < 0 ? new LoraUse { Name = text }
            : Number(text[(colon + 1)..]) is { } weight ? new LoraUse { Name = text[..colon], Weight = weight }
            : null;
    }

    private static (string, string, double?, double?, double?)? ControlNet(string text) => ControlNetForm().Match(text) is { Success: true } unit
        ? (unit.Groups["name"].Value, unit.Groups["file"].Value, Number(unit.Groups["weight"].Value), Number(unit.Groups["start"].Value), Number(unit.Groups["end"].Value))
        : null;

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;

    private static T Fault<T>(System.CommandLine.Parsing.ArgumentResult result, string message)
    {
        result.AddError(message);
        return default!;
    }

    // numbers end the value; a file's name may hold colons before them
    [GeneratedRegex(@"^(?<name>[^=]+)=(?<file>.+?)(?::(?<weight>\d+(?:\.\d+)?)(?::(?<start>\d+(?:\.\d+)?)-(?<end>\d+(?:\.\d+)?))?)?$")]
    private static partial Regex ControlNetForm();
}
