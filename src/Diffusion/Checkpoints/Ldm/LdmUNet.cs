using StableDiffusion.Diffusion.Networks.UNet;

namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>
/// The U-Net's names: LDM (openaimodel.py, https://github.com/CompVis/latent-diffusion) numbers all blocks of the way down
/// and of the way up through, diffusers by level and layer. What stands inside a transformer is named alike.
/// </summary>
internal static class LdmUNet
{
    /// <summary>What stands before the names in a checkpoint.</summary>
    public const string Prefix = "model.diffusion_model.";

    private static readonly (string Ldm, string Diffusers)[] Resnet =
    [
        ("in_layers.0", "norm1"),
        ("in_layers.2", "conv1"),
        ("emb_layers.1", "time_emb_proj"),
        ("out_layers.0", "norm2"),
        ("out_layers.3", "conv2"),
        ("skip_connection", "conv_shortcut"),
    ];

    /// <summary>The table for a U-Net of these sizes.</summary>
    public static RenameTable Names(UNet2DConditionConfig config)
    {
        var table = new RenameTable();
        AddEncoder(table, config);
        AddDecoder(table, config);
        table.Add("out.0", "conv_norm_out");
        table.Add("out.2", "conv_out");
        return table;
    }

    /// <summary>The embeddings, the way down and the middle, which a ControlNet has too.</summary>
    public static void AddEncoder(RenameTable table, UNetEncoderConfig config)
    {
        var blockTypes = config.DownBlockTypes;
        table.Add("time_embed.0", "time_embedding.linear_1");
        table.Add("time_embed.2", "time_embedding.linear_2");
        table.Add("label_emb.0.0", "add_embedding.linear_1");
        table.Add("label_emb.0.2", "add_embedding.linear_2");
        table.Add("input_blocks.0.0", "conv_in");
        var block = 1;
        for (var level = 0; level < blockTypes.Count; level++)
        {
            for (var layer = 0; layer < config.LayersPerBlock[level]; layer++, block++)
            {
                table.Add($"input_blocks.{block}.0", $"down_blocks.{level}.resnets.{layer}", Resnet);
                if (blockTypes[level] == nameof(CrossAttnDownBlock2D))
                {
                    table.Add($"input_blocks.{block}.1", $"down_blocks.{level}.attentions.{layer}");
                }
            }

            if (level < blockTypes.Count - 1)
            {
                table.Add($"input_blocks.{block++}.0.op", $"down_blocks.{level}.downsamplers.0.conv");
            }
        }

        table.Add("middle_block.0", "mid_block.resnets.0", Resnet);
        table.Add("middle_block.1", "mid_block.attentions.0");
        table.Add("middle_block.2", "mid_block.resnets.1", Resnet);
    }

    private static void AddDecoder(RenameTable table, UNet2DConditionConfig config)
    {
        var blockTypes = config.UpBlockTypes;
        var block = 0;
        for (var level = 0; level < blockTypes.Count; level++)
        {
            var hasAttention = blockTypes[level] == nameof(CrossAttnUpBlock2D);
            for (var layer = 0; layer <= config.LayersPerBlock[blockTypes.Count - 1 - level]; layer++, block++)
            {
                table.Add($"output_blocks.{block}.0", $"up_blocks.{level}.resnets.{layer}", Resnet);
                if (hasAttention)
                {
                    table.Add($"output_blocks.{block}.1", $"up_blocks.{level}.attentions.{layer}");
                }
            }

            if (level < blockTypes.Count - 1)
            {
                table.Add($"output_blocks.{block - 1}.{(hasAttention ? 2 : 1)}.conv", $"up_blocks.{level}.upsamplers.0.conv");
            }
        }
    }
}
