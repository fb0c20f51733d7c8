using System.CommandLine;
using System.Security.Cryptography;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Farm.Commands;

namespace StableDiffusion.Farm.Rendering;

/// <summary>The options of <c>./farm render</c> that become fields of the request; what is not given, the farm decides.</summary>
internal sealed class RenderOptions
{
    private readonly Option<long?> seed = new("--seed") { Description = "Seed of the first picture, the next take the next ones; random when absent or -1." };
    private readonly Option<int?> count = new("--count", "-n") { Description = "Pictures per prompt; 1 by default." };
    private readonly Option<int?> steps = new("--steps") { Description = "Denoising steps; 20 by default." };
    private readonly Option<double?> cfgScale = new Option<double?>("--cfg-scale") { Description = "How closely to follow the prompt; what the model recommends by default, mostly 7." }.Number();
    private readonly Option<double?> guidanceRescale = new Option<double?>("--guidance-rescale") { Description = "0 to 1: against burnt colours at high guidance; 0 by default." }.Number();
    private readonly Option<string?> negativePrompt = new("--negative-prompt") { Description = "What to steer away from." };
    private readonly Option<bool> plainPrompt = new("--plain-prompt") { Description = "Take prompts as they stand; A1111's syntax, (word:1.3) and the like, is read otherwise." };
    private readonly Option<int?> clipSkip = new("--clip-skip") { Description = "Where the text encoder ends, as A1111 counts: 2 is its last layer but one." };
    private readonly Option<int?> width = new("--width") { Description = "In pixels; the model's own by default, or the picture's to start from." };
    private readonly Option<int?> height = new("--height") { Description = "In pixels; the model's own by default, or the picture's to start from." };
    private readonly Option<string?> sampler = new("--sampler") { Description = "A1111's name of a sampler, like \"DPM++ 2M\" or \"Euler a\"; the model's own by default." };
    private readonly Option<string?> schedule = new("--schedule") { Description = "A1111's schedule type, like Karras; the sampler's own by default." };
    private readonly Option<double?> eta = new Option<double?>("--eta") { Description = "0 to 1: fresh noise in each step of DDIM; 0 by default." }.Number();
    private readonly Option<string?> model = new("--model") { Description = "Name of the model; needed when the farm has several." };
    private readonly Option<int?> batchClass = new("--batch-class") { Description = "Pictures that share a call of the networks; as many as the model's workers offer by default." };
    private readonly Option<bool> previews = new("--previews") { Description = "See the pictures on their way, as NAME.preview.png." };
    private readonly Option<string?> name = new("--name") { Description = "What to call the batch." };
    private readonly Option<string[]> tag = new("--tag") { Description = "A word to find the batch by; several may be given." };
    private readonly Option<int?> priority = new("--priority") { Description = "-100 to 100: a batch of a higher one goes first; 0 by default." };
    private readonly PictureOptions pictures = new();
    private readonly AdapterOptions adapters = new();
    private readonly SdxlOptions sdxl = new();

    /// <summary>Those that change a picture of a prompt and seed.</summary>
    private IEnumerable<Option> Settings =>
    [
        steps, cfgScale, guidanceRescale, negativePrompt, plainPrompt, clipSkip, width, height, sampler, schedule, eta, model, batchClass,
        .. adapters.All, .. pictures.All, .. sdxl.All,
    ];

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { seed, count, previews, name, tag, priority }.Concat(Settings))
        {
            command.Add(option);
        }
    }

    /// <exception cref="FarmException">A file that an option names cannot be read; the message names both.</exception>
    public BatchRequest ToRequest(ParseResult parsed, IReadOnlyList<string> prompts)
    {
        var request = new BatchRequest
        {
            Prompts = prompts,
            Seed = parsed.GetValue(seed),
            NIter = parsed.GetValue(count),
            Steps = parsed.GetValue(steps),
            CfgScale = parsed.GetValue(cfgScale),
            GuidanceRescale = parsed.GetValue(guidanceRescale),
            NegativePrompt = parsed.GetValue(negativePrompt),
            PromptSyntax = parsed.GetValue(plainPrompt) ? PromptSyntax.Plain : null,
            ClipSkip = parsed.GetValue(clipSkip),
            Width = parsed.GetValue(width),
            Height = parsed.GetValue(height),
            SamplerName = parsed.GetValue(sampler),
            Scheduler = parsed.GetValue(schedule),
            Eta = parsed.GetValue(eta),
            Model = parsed.GetValue(model),
            LivePreviews = parsed.GetValue(previews) ? true : null,
            BatchClass = parsed.GetValue(batchClass),
            Name = parsed.GetValue(name),
            Tags = parsed.GetValue(tag) is { Length: > 0 } tags ? tags : null,
            Priority = parsed.GetValue(priority),
        };
        return sdxl.Apply(pictures.Apply(adapters.Apply(request, parsed), parsed), parsed);
    }

    /// <summary>Whether pictures are to be seen on their way.</summary>
    public bool Previews(ParseResult parsed) => parsed.GetValue(previews);

    /// <summary>What was given of the settings, as words for file names: "steps 50", "sampler euler"; a picture is told by its content.</summary>
    public IReadOnlyList<string> Given(ParseResult parsed) =>
        [.. Settings.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => Words(option, parsed))];

    private string Words(Option option, ParseResult parsed)
    {
        string name = option.Name.TrimStart('-').Replace('-', ' ');
        if (option is Option<FileInfo?> file)
        {
            return $"{name} {Content(parsed.GetValue(file)!)}";
        }

        string[] values = [.. parsed.GetResult(option)!.Tokens.Select(token => token.Value)];
        return values.Length == 0 ? name : $"{name} {(option == negativePrompt ? values[0] : string.Join(' ', values).ToLowerInvariant())}";
    }

    private static string Content(FileInfo file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file.FullName)))[..6];
}
