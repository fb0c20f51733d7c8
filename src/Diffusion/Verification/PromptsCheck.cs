using System.Text.Json;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Prompts;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>prompts/: A1111's reading of prompts, down to tokens, weights and the embedding of the model that a folder of that name holds.</summary>
internal sealed class PromptsCheck : IVerificationCheck
{
    private const string Folder = "prompts";
    private const string Model = "models/tiny-sd15";

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken) =>
        new Func<VerificationRun, string, CancellationToken, IEnumerable<VerificationRow>>[] { Attention, Editing, Composable, Chunks }
            .Zip(["attention", "editing", "composable", "chunks"])
            .Where(part => run.Has($"{Folder}/{part.Second}.json"))
            .SelectMany(part => VerificationRun.Guarded($"prompts: {part.Second}", () => part.First(run, $"{Folder}/{part.Second}.json", cancellationToken)));

    private static IEnumerable<VerificationRow> Attention(VerificationRun run, string path, CancellationToken cancellationToken)
    {
        var texts = new Comparison(run, "prompts: weighted texts", 0);
        var weights = new Comparison(run, "prompts: their weights", 1e-6, alwaysJudged: true);
        foreach (var row in run.ReadJson(path).EnumerateArray())
        {
            string text = row.Field("text").GetString()!;
            var parsed = AttentionSyntax.Parse(text);
            var expected = row.Field("parsed").EnumerateArray().Select(part => (Text: part[0].GetString()!, Weight: part[1].GetDouble())).ToArray();
            texts.Equal(text, parsed.Select(part => part.Text).SequenceEqual(expected.Select(part => part.Text)));
            weights.Relative(text, parsed.Select(part => part.Weight), expected.Select(part => part.Weight));
        }

        return texts.Rows().Concat(weights.Rows());
    }

    private static IEnumerable<VerificationRow> Editing(VerificationRun run, string path, CancellationToken cancellationToken)
    {
        var schedules = new Comparison(run, "prompts: editing", 0);
        foreach (var row in run.ReadJson(path).EnumerateArray())
        {
            var (text, steps) = (row.Field("text").GetString()!, row.Field("steps").GetInt32());

            // a text that ends before the first step is never seen; some versions of A1111 list it and some do not
            var expected = row.Field("schedule").EnumerateArray().Select(part => new ScheduledText(part[0].GetInt32(), part[1].GetString()!)).Where(part => part.Until > 0);
            schedules.Equal($"{text}, {steps} steps", PromptEditing.Schedule(text, steps).SequenceEqual(expected));
        }

        return schedules.Rows();
    }

    private static IEnumerable<VerificationRow> Composable(VerificationRun run, string path, CancellationToken cancellationToken)
    {
        var texts = new Comparison(run, "prompts: parts of an AND", 0);
        var weights = new Comparison(run, "prompts: the parts' weights", 1e-6, alwaysJudged: true);
        foreach (var row in run.ReadJson(path).EnumerateArray())
        {
            string text = row.Field("text").GetString()!;
            var parts = ComposablePrompt.Parse(text);
            var expected = row.Field("parts").EnumerateArray().ToArray();
            texts.Equal(text, parts.Select(part => part.Text).SequenceEqual(expected.Select(part => part.Field("text").GetString()!)));
            weights.Relative(text, parts.Select(part => part.Weight), expected.Select(part => part.Field("weight").GetDouble()));
        }

        return texts.Rows().Concat(weights.Rows());
    }

    private static IEnumerable<VerificationRow> Chunks(VerificationRun run, string path, CancellationToken cancellationToken)
    {
        var ids = new Comparison(run, "prompts: tokens in chunks", 0);
        var weights = new Comparison(run, "prompts: tokens' weights", 1e-6, alwaysJudged: true);
        var embeddings = new Comparison(run, "prompts: embeddings", run.Bound(1e-4));
        using var model = StableDiffusionModel.Load(run.Use(Model), run.Dtype, run.Device);
        using var reader = PromptReader.Create(PromptReading.A1111, model, clipSkip: null);
        using var expected = run.OpenTensors(Path.ChangeExtension(path, ".safetensors"));
        var chunks = new PromptChunks(model.Tokenizer!, []);
        foreach (var (row, i) in run.ReadJson(path).EnumerateArray().Select((row, i) => (row, i)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            string text = row.Field("text").GetString()!;
            var cut = chunks.Of(text);
            ids.Equal(text, cut.SelectMany(chunk => chunk.Ids).SequenceEqual(Numbers(row, "ids").Select(id => id.GetInt64())));
            weights.Relative(text, cut.SelectMany(chunk => chunk.Weights), Numbers(row, "weights").Select(weight => weight.GetDouble()));

            // weights scale by a mean that nearly cancels: summed in double precision the reference's own is a 1e-5th of the whole off
            embeddings.Relative(text, reader.Negative(new ImagePrompt("", text, 0), calls: 1).At(0).Context, expected.Read($"{i}.embedding"));
        }

        return ids.Rows().Concat(weights.Rows()).Concat(embeddings.Rows());
    }

    private static IEnumerable<JsonElement> Numbers(JsonElement row, string name) => row.Field(name).EnumerateArray().SelectMany(chunk => chunk.EnumerateArray());
}
