using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.UNet;

namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>A ControlNet's names (cldm.py, https://github.com/lllyasviel/ControlNet): the U-Net's on the way down, and its own.</summary>
internal static class LdmControlNet
{
    /// <summary>What stands before the names in files that were cut out of a checkpoint; others leave it out.</summary>
    public const string Prefix = "control_model.";

    /// <summary>The table for a ControlNet of these sizes.</summary>
    public static RenameTable Names(ControlNetConfig config)
    {
        var table = new RenameTable();
        LdmUNet.AddEncoder(table, config);
        var levels = config.BlockOutChannels.Count;
        var skips = levels + Enumerable.Range(0, levels).Sum(level => config.LayersPerBlock[level]);
        for (var skip = 0; skip < skips; skip++)
        {
            table.Add($"zero_convs.{skip}.0", $"controlnet_down_blocks.{skip}");
        }

        table.Add("middle_block_out.0", "controlnet_mid_block");

        // every other layer of the picture's way is an activation
        var blocks = 2 * (config.ConditioningEmbeddingOutChannels.Count - 1);
        table.Add("input_hint_block.0", "controlnet_cond_embedding.conv_in");
        for (var block = 0; block < blocks; block++)
        {
            table.Add($"input_hint_block.{2 * (block + 1)}", $"controlnet_cond_embedding.blocks.{block}");
        }

        table.Add($"input_hint_block.{2 * (blocks + 1)}", "controlnet_cond_embedding.conv_out");
        return table;
    }

    /// <summary>The published ControlNet for a U-Net: a copy of its way down.</summary>
    public static ControlNetConfig Of(UNet2DConditionConfig unet) => new()
    {
        DownBlockTypes = unet.DownBlockTypes,
        BlockOutChannels = unet.BlockOutChannels,
        TransformerLayersPerBlock = unet.TransformerLayersPerBlock,
        CrossAttentionDim = unet.CrossAttentionDim,
        AttentionHeadDim = unet.AttentionHeadDim,
        UseLinearProjection = unet.UseLinearProjection,
        AdditionEmbedType = unet.AdditionEmbedType,
        AdditionTimeEmbedDim = unet.AdditionTimeEmbedDim,
        ProjectionClassEmbeddingsInputDim = unet.ProjectionClassEmbeddingsInputDim,
    };
}
