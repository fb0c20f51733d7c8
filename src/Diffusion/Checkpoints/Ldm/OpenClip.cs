using StableDiffusion.Diffusion.Networks.Clip;

namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>
/// The names of OpenCLIP's text encoder (https://github.com/mlfoundations/open_clip), which SD 2.x and SDXL have. It joins
/// the attention's q, k and v in one weight, and keeps the projection transposed and bare.
/// </summary>
internal static class OpenClip
{
    private const string Projection = "text_projection";

    private static readonly string[] Joined = ["q_proj", "k_proj", "v_proj"];

    private static readonly (string OpenClip, string Transformers)[] Layer =
    [
        ("ln_1", "layer_norm1"),
        ("attn.in_proj_weight", "self_attn.{0}.weight"),
        ("attn.in_proj_bias", "self_attn.{0}.bias"),
        ("attn.out_proj", "self_attn.out_proj"),
        ("ln_2", "layer_norm2"),
        ("mlp.c_fc", "mlp.fc1"),
        ("mlp.c_proj", "mlp.fc2"),
    ];

    /// <summary>The table for a text encoder of these sizes; <c>{0}</c> stands for each of q_proj, k_proj and v_proj.</summary>
    public static RenameTable Names(CLIPTextConfig config)
    {
        var table = new RenameTable();
        table.Add("token_embedding", "text_model.embeddings.token_embedding");
        table.Add("positional_embedding", "text_model.embeddings.position_embedding.weight");
        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            table.Add($"transformer.resblocks.{layer}", $"text_model.encoder.layers.{layer}", Layer);
        }

        table.Add("ln_final", "text_model.final_layer_norm");
        table.Add(Projection, Projection);
        return table;
    }

    /// <summary>The network's weights that lie in one tensor of the file: none, one, or three.</summary>
    /// <param name="names">What <see cref="Names"/> gave.</param>
    /// <param name="name">The tensor's name, without the prefix of the text encoder.</param>
    /// <param name="key">Its key in the file.</param>
    public static IEnumerable<(string Name, WeightPlace Place)> Weights(RenameTable names, string name, string key) => names.ToDiffusers(name) switch
    {
        null => [],
        Projection => [($"{Projection}.weight", new WeightPlace(key) { Transposed = true })],
        var joined when joined.Contains("{0}", StringComparison.Ordinal) =>
            Joined.Select((part, i) => (joined.Replace("{0}", part, StringComparison.Ordinal), new WeightPlace(key) { Part = i, Parts = Joined.Length })),
        var renamed => [(renamed, new WeightPlace(key))], // diffusers' exporter writes text_projection.weight, not transposed
    };
}
