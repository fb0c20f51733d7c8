using StableDiffusion.Diffusion.Networks.Clip;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>
/// Prompts as A1111's stable-diffusion-webui reads them: AND (<see cref="ComposablePrompt"/>), then prompt editing
/// (<see cref="PromptEditing"/>), then weights (<see cref="AttentionSyntax"/>) over chunks of tokens (<see cref="PromptChunks"/>), each of which
/// goes through the text encoder by itself. Weights multiply the hidden states, then the chunk's mean is restored
/// (its modules/sd_hijack_clip.py and sd_emphasis.py, "Original"). The negative prompt has no AND.
/// <para>SDXL is as there too (modules/sd_models_xl.py and sgm's conditioner): the last layer but one of both encoders without the final layer
/// norm, weights on each, the pooled output of the first chunk without weights, zeros for an empty negative prompt.</para>
/// <para>Clip skip holds for both prompts. With SDXL, whose last layer is never taken, the first layer skipped is that one.</para>
/// </summary>
/// <param name="encoders">One, or SDXL's two; they are the reader's from now on.</param>
/// <param name="isXL">Whether they are an SDXL model's, of which the refiner has one.</param>
/// <param name="clipSkip">Layers left out at the end, counted as in diffusers.</param>
internal sealed class A1111PromptReader(IReadOnlyList<PromptEncoder> encoders, bool isXL, int clipSkip) : IPromptReader
{
    private readonly PromptChunks[] chunks = [.. encoders.Select(encoder => new PromptChunks(encoder.Tokenizer, encoder.Learned))];
    private readonly Dictionary<(string Text, int Chunks, int Repeats), TextConditioning> known = [];

    public IReadOnlyList<PromptPart> Positive(ImagePrompt prompt, int calls)
    {
        var parts = ComposablePrompt.Parse(prompt.Prompt);
        var schedules = parts.Select(part => PromptEditing.Schedule(part.Text, calls)).ToArray();
        int[] lengths = [.. schedules.Select(Chunks)];
        return [.. parts.Select((part, i) => Part(part.Weight, schedules[i], lengths[i], lengths.Max() - lengths[i]))];
    }

    public PromptPart Negative(ImagePrompt prompt, int calls)
    {
        var schedule = PromptEditing.Schedule(prompt.NegativePrompt ?? "", calls);
        if (isXL && schedule.All(text => text.Text.Length == 0))
        {
            var nothing = Remember(("", 0, 0), () => Encode("", 1, 0).Zeros());
            return new PromptPart(1, _ => nothing);
        }

        return Part(1, schedule, Chunks(schedule), 0);
    }

    public void Dispose()
    {
        foreach (var conditioning in known.Values)
        {
            conditioning.Dispose();
        }

        foreach (var encoder in encoders)
        {
            encoder.Dispose();
        }
    }

    /// <summary>All texts of a schedule are as long as its longest.</summary>
    private int Chunks(IReadOnlyList<ScheduledText> schedule) => schedule.Select(text => text.Text).Distinct().Max(text => chunks.Max(encoder => encoder.Of(text).Count));

    private PromptPart Part(double weight, IReadOnlyList<ScheduledText> schedule, int length, int repeats)
    {
        var conditionings = schedule.Select(text => (text.Until, Text: Remember((text.Text, length, repeats), () => Encode(text.Text, length, repeats)))).ToArray();
        return new PromptPart(weight, call => conditionings.FirstOrDefault(text => call < text.Until, conditionings[^1]).Text);
    }

    private TextConditioning Remember((string Text, int Chunks, int Repeats) key, Func<TextConditioning> encode)
    {
        if (!known.TryGetValue(key, out var conditioning))
        {
            using var scope = NewDisposeScope();
            using var noGradients = no_grad();
            known[key] = conditioning = encode().Detach();
        }

        return conditioning;
    }

    /// <param name="text">Without AND and editing.</param>
    /// <param name="length">In chunks; shorter texts are filled up with empty ones.</param>
    /// <param name="repeats">How many more chunks to fill with the last token's vector, as A1111 does where the parts of an AND differ in length.</param>
    private TextConditioning Encode(string text, int length, int repeats)
    {
        Tensor? pooled = null;
        var contexts = new List<Tensor>();
        for (int i = 0; i < encoders.Count; i++)
        {
            var cut = chunks[i].Of(text);
            var states = new List<Tensor>();
            foreach (var chunk in cut.Concat(Enumerable.Repeat(chunks[i].Empty(), length - cut.Count)))
            {
                var output = encoders[i].Encode(chunk.Ids);
                states.Add(Weighted(Layer(output, encoders[i]), chunk.Weights)); // (1, T, D)
                pooled ??= encoders[i].Network is CLIPTextModelWithProjection second ? Pooled(output, second, chunk.Ids, encoders[i].Tokenizer.EosTokenId) : null;
            }

            contexts.Add(cat([.. states], 1));
        }

        var context = cat([.. contexts], 2); // (1, chunks · T, D)
        return new TextConditioning(repeats > 0 ? cat([context, Last(context, repeats * (context.shape[1] / length))], 1) : context, pooled);
    }

    private Tensor Layer(CLIPTextOutput output, PromptEncoder encoder) => (isXL, clipSkip) switch
    {
        (false, 0) => output.LastHiddenState,
        (false, _) => encoder.Network.FinalLayerNorm(output.HiddenStates[^(clipSkip + 1)]),
        _ => output.HiddenStates[^Math.Max(2, clipSkip + 1)],
    };

    /// <summary>Taken at the end of the text: an embedding's vectors have no id that could be taken for it.</summary>
    private static Tensor Pooled(CLIPTextOutput output, CLIPTextModelWithProjection network, long[] ids, int eosTokenId) =>
        network.Project(output.LastHiddenState.select(1, Array.IndexOf(ids, (long)eosTokenId)));

    /// <param name="states">(1, T, D)</param>
    /// <param name="weights">T</param>
    private static Tensor Weighted(Tensor states, double[] weights)
    {
        if (weights.All(weight => weight == 1))
        {
            return states;
        }

        var plain = states.to(ScalarType.Float32);
        var weighted = plain * tensor(weights, [1, weights.Length, 1], dtype: ScalarType.Float32, device: plain.device);
        return (weighted * (plain.mean() / weighted.mean())).to(states.dtype);
    }

    private static Tensor Last(Tensor context, long count) => context.narrow(1, context.shape[1] - 1, 1).expand(1, count, context.shape[2]);
}
