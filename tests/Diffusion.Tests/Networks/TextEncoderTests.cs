using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Clip;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Networks;

public sealed class TextEncoderTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly CLIPTextModel first = NetworkFolder.LoadTextEncoder(Goldens.Path("models/tiny-sdxl/text_encoder"));
    private readonly CLIPTextModelWithProjection second = NetworkFolder.LoadTextEncoder2(Goldens.Path("models/tiny-sdxl/text_encoder_2"));

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void An_added_token_means_its_own_vector()
    {
        using var noGrad = no_grad();
        var (known, vocabulary) = (7L, first.Config.VocabSize);
        var table = first.get_parameter("text_model.embeddings.token_embedding.weight")!;
        var added = stack([zeros_like(table[0]), table[known]], 0);
        var expected = first.call(tensor(new long[,] { { 3, known, 999 } }));
        var output = first.Encode(tensor(new[,] { { 3, vocabulary + 1L, 999 } }), added);
        Assert.True(output.LastHiddenState.equal(expected.LastHiddenState).all().item<bool>());
        Assert.True(output.PoolerOutput.equal(expected.PoolerOutput).all().item<bool>());

        var other = first.Encode(tensor(new long[,] { { 3, vocabulary, 999 } }), added);
        Assert.False(other.LastHiddenState.allclose(expected.LastHiddenState));
    }

    [Fact]
    public void Gradients_reach_the_added_vectors_that_are_used_and_no_others()
    {
        long vocabulary = first.Config.VocabSize;
        var added = randn(2, first.Config.HiddenSize).requires_grad_();
        first.Encode(tensor(new[,] { { 3, vocabulary + 1, 999 } }), added).LastHiddenState.pow(2).sum().backward();
        var gradient = added.grad!.abs().sum(1);
        Assert.Equal(0, gradient[0].item<float>());
        Assert.True(gradient[1].item<float>() > 0);
    }

    /// <summary>As transformers with a published SDXL config: the highest id is taken for the end of the text.</summary>
    [Fact]
    public void An_encoder_that_pools_at_the_highest_id_pools_at_an_added_token()
    {
        using var noGrad = no_grad();
        long vocabulary = second.Config.VocabSize;
        var output = second.Encode(tensor(new[,] { { 3, vocabulary, 999 } }), randn(1, second.Config.HiddenSize));
        Assert.True(output.PoolerOutput.equal(output.LastHiddenState.select(1, 1)).all().item<bool>());
        Assert.Equal(second.Config.ProjectionDim, output.TextEmbeds!.shape[1]);
    }

    [Fact]
    public void A_call_leaves_no_tensor_behind_but_its_output()
    {
        using var noGrad = no_grad();
        var (ids, added) = (tensor(new[,] { { 3, (long)second.Config.VocabSize, 999 } }), randn(1, second.Config.HiddenSize));
        second.Encode(ids, added);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var output = second.Encode(ids, added);
        Assert.Equal(before + output.HiddenStates.Count + 3, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
