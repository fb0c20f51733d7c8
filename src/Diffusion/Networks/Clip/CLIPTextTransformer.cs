using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>The text encoder without the <c>text_model.</c> prefix that published files put before its keys.</summary>
internal sealed class CLIPTextTransformer : Module<Tensor, Tensor?, CLIPTextOutput>
{
    // Published configs said 2 although the vocabulary's end-of-text was 49407, its highest id.
    private const int HighestIdIsEndOfText = 2;

    private readonly int eosTokenId;
    private readonly CLIPTextEmbeddings embeddings;
    private readonly CLIPEncoder encoder;
    private readonly LayerNorm final_layer_norm;

    public CLIPTextTransformer(CLIPTextConfig config, LayerFactory layers)
        : base(nameof(CLIPTextTransformer))
    {
        eosTokenId = config.EosTokenId;
        embeddings = new CLIPTextEmbeddings(config, layers);
        encoder = new CLIPEncoder(config, layers, causal: true);
        final_layer_norm = layers.LayerNorm(config.HiddenSize, config.LayerNormEps);
        RegisterComponents();
    }

    /// <param name="input_ids">(B, T) int64</param>
    /// <param name="addedEmbeddings">(N, hidden_size) for ids from vocab_size on, or null</param>
    public override CLIPTextOutput forward(Tensor input_ids, Tensor? addedEmbeddings)
    {
        using var scope = NewDisposeScope();
        var hiddenStates = encoder.call(embeddings.call(input_ids, addedEmbeddings)); // each (B, T, hidden_size)
        var last = final_layer_norm.call(hiddenStates[^1]); // (B, T, hidden_size)
        var pooled = Pool(last, input_ids); // (B, hidden_size)
        scope.MoveToOuter(hiddenStates);
        return new CLIPTextOutput(scope.MoveToOuter(last), scope.MoveToOuter(pooled), hiddenStates);
    }

    public Tensor FinalLayerNorm(Tensor hidden) => final_layer_norm.call(hidden);

    private Tensor Pool(Tensor hidden, Tensor input_ids)
    {
        var marks = eosTokenId == HighestIdIsEndOfText ? input_ids : input_ids.eq(eosTokenId).to(ScalarType.Int64);
        var position = marks.argmax(-1); // (B), the first where several are equal
        var index = position.view(-1, 1, 1).expand(-1, 1, hidden.shape[2]); // (B, 1, hidden_size)
        return hidden.gather(1, index).squeeze(1);
    }
}
