using StableDiffusion.Diffusion.Networks.Vae;

namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>The VAE's names. LDM counts the decoder's levels from the picture's resolution, diffusers from the latents'.</summary>
internal static class LdmVae
{
    /// <summary>What stands before the names in a checkpoint; files with a VAE alone mostly leave it out.</summary>
    public const string Prefix = "first_stage_model.";

    private static readonly (string Ldm, string Diffusers)[] Resnet =
        [("norm1", "norm1"), ("conv1", "conv1"), ("norm2", "norm2"), ("conv2", "conv2"), ("nin_shortcut", "conv_shortcut")];

    private static readonly (string Ldm, string Diffusers)[] Attention =
        [("norm", "group_norm"), ("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0")];

    /// <summary>The table for a VAE of these sizes.</summary>
    public static RenameTable Names(AutoencoderKLConfig config)
    {
        var table = new RenameTable();
        foreach (var half in new[] { "encoder", "decoder" })
        {
            table.Add($"{half}.conv_in", $"{half}.conv_in");
            table.Add($"{half}.mid.block_1", $"{half}.mid_block.resnets.0", Resnet);
            table.Add($"{half}.mid.attn_1", $"{half}.mid_block.attentions.0", Attention);
            table.Add($"{half}.mid.block_2", $"{half}.mid_block.resnets.1", Resnet);
            table.Add($"{half}.norm_out", $"{half}.conv_norm_out");
            table.Add($"{half}.conv_out", $"{half}.conv_out");
        }

        var levels = config.BlockOutChannels.Count;
        for (var level = 0; level < levels; level++)
        {
            AddResnets(table, $"encoder.down.{level}", $"encoder.down_blocks.{level}", config.LayersPerBlock);
            AddResnets(table, $"decoder.up.{levels - 1 - level}", $"decoder.up_blocks.{level}", config.LayersPerBlock + 1);
            if (level < levels - 1)
            {
                table.Add($"encoder.down.{level}.downsample.conv", $"encoder.down_blocks.{level}.downsamplers.0.conv");
                table.Add($"decoder.up.{levels - 1 - level}.upsample.conv", $"decoder.up_blocks.{level}.upsamplers.0.conv");
            }
        }

        table.Add("quant_conv", "quant_conv");
        table.Add("post_quant_conv", "post_quant_conv");
        return table;
    }

    private static void AddResnets(RenameTable table, string ldm, string diffusers, int layers)
    {
        for (var layer = 0; layer < layers; layer++)
        {
            table.Add($"{ldm}.block.{layer}", $"{diffusers}.resnets.{layer}", Resnet);
        }
    }
}
