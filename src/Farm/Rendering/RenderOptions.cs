using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Farm.Commands;

namespace StableDiffusion.Farm.Rendering;

/// <summary>The options of <c>./farm render</c> that become fields of the request; what is not given, the farm decides.</summary>
internal sealed partial class RenderOptions
{
    private readonly Option<long?> seed = new("--seed") { Description = "Seed of the first picture, the next take the next ones; random when absent or -1." };
    private readonly Option<int?> count = new("--count", "-n") { Description = "Pictures per prompt; 1 by default." };
    private readonly Option<int?> steps = new("--steps") { Description = "Denoising steps; 20 by default." };
    private readonly Option<double?> cfgScale = new Option<double?>("--cfg-scale") { Description = "How closely to follow the prompt; what the model recommends by default, mostly 7." }.Number();
    private readonly Option<string?> negativePrompt = new("--negative-prompt") { Description = "What to steer away from." };
    private readonly Option<int?> width = new("--width") { Description = "In pixels; the model's own by default." };
    private readonly Option<int?> height = new("--height") { Description = "In pixels; the model's own by default." };
    private readonly Option<string?> sampler = new("--sampler") { Description = "A1111's name of a sampler, like \"Euler\"; the model's own by default." };
    private readonly Option<string?> model = new("--model") { Description = "Name of the model; needed when the farm has several." };

    /// <summary>Those that change a picture of a prompt and seed.</summary>
    private Option[] Settings => [steps, cfgScale, negativePrompt, width, height, sampler, model];

    public void AddTo(Command command)
    {
        foreach (Option option in Settings.Prepend(count).Prepend(seed))
        {
            command.Add(option);
        }
    }

    public BatchRequest ToRequest(ParseResult parsed, IReadOnlyList<string> prompts) => new()
    {
        Prompts = prompts,
        Seed = parsed.GetValue(seed),
        NIter = parsed.GetValue(count),
        Steps = parsed.GetValue(steps),
        CfgScale = parsed.GetValue(cfgScale),
        NegativePrompt = parsed.GetValue(negativePrompt),
        Width = parsed.GetValue(width),
        Height = parsed.GetValue(height),
        SamplerName = parsed.GetValue(sampler),
        Model = parsed.GetValue(model),
    };

    /// <summary>What was given of the settings, as words for file names: "steps 50", "sampler euler".</summary>
    public IReadOnlyList<string> Given(ParseResult parsed) =>
        [.. Settings.Where(option => parsed.GetResult(option) is not null).Select(option => Words(option, parsed.GetResult(option)!.Tokens[0].Value))];

    /// <summary>A refusal as the user would say it: options as they were typed, where the API names its fields.</summary>
    public static string InOptions(string refusal) => Fields().Replace(refusal, field => field.Value switch
    {
        "n_iter" => "--count",
        "sampler_name" => "--sampler",
        ['p', ..] => $"prompt {int.Parse(field.Groups["index"].Value, CultureInfo.InvariantCulture) + 1}",
        var name => "--" + name.Replace('_', '-'),
    });

    [GeneratedRegex(@"\b(n_iter|sampler_name|cfg_scale|negative_prompt|(seed|steps|width|height|model)(?=: ))\b|\bprompts\[(?<index>\d{1,6})\]")]
    private static partial Regex Fields();

    private string Words(Option option, string value) =>
        $"{option.Name.TrimStart('-').Replace('-', ' ')} {(option == negativePrompt ? value : value.ToLowerInvariant())}";
}
