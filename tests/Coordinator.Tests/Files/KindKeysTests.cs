using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Files.Checks;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Files;

public sealed class KindKeysTests
{
    [Theory]
    [InlineData(FileKind.Lora, "unet.down_blocks.0.attentions.0.to_q.lora_A.weight")]
    [InlineData(FileKind.Lora, "unet.down_blocks.0.attn1.processor.to_q_lora.down.weight")]
    [InlineData(FileKind.Lora, "text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.up.weight")]
    [InlineData(FileKind.Lora, "lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", "lora_te1_text_model_encoder_layers_0_mlp_fc1.alpha")]
    [InlineData(FileKind.Embedding, "emb_params")]
    [InlineData(FileKind.Embedding, "<gadget>")]
    [InlineData(FileKind.Embedding, "clip_g", "clip_l")]
    [InlineData(FileKind.Vae, "decoder.conv_in.weight", "encoder.conv_in.weight")]
    [InlineData(FileKind.Vae, "first_stage_model.decoder.conv_in.weight", "first_stage_model.encoder.conv_in.weight")]
    [InlineData(FileKind.Controlnet, "controlnet_cond_embedding.conv_in.weight", "down_blocks.0.resnets.0.conv1.weight")]
    [InlineData(FileKind.Controlnet, "control_model.input_hint_block.0.weight")]
    [InlineData(FileKind.Checkpoint, "model.diffusion_model.out.0.weight", "conditioner.embedders.1.model.ln_final.weight")]
    public async Task Published_namings_are_told_apart(FileKind kind, params string[] names)
    {
        var header = await HeaderAsync(names);
        Assert.Null(KindKeys.Fault(kind, header));
        foreach (var other in FileKinds.All.Where(other => other != kind))
        {
            Assert.Contains($"register it as {kind.ToString().ToLowerInvariant()}", KindKeys.Fault(other, header), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(FileKind.Lora, "a LoHa", "lora_unet_x.hada_w1_a")]
    [InlineData(FileKind.Lora, "a DoRA", "lora_unet_x.lora_down.weight", "lora_unet_x.dora_scale")]
    [InlineData(FileKind.Checkpoint, "a FLUX model", "model.diffusion_model.double_blocks.0.img_attn.weight")]
    [InlineData(FileKind.Checkpoint, "a U-Net without its text encoder", "model.diffusion_model.out.0.weight")]
    [InlineData(FileKind.Checkpoint, "one network of a model", "down_blocks.0.resnets.0.conv1.weight", "conv_in.weight")]
    [InlineData(FileKind.Lora, "It is no LoRA: none of its 2 tensors is called as", "something", "else")]
    public async Task What_cannot_be_drawn_with_is_called_by_its_name(FileKind kind, string reason, params string[] names) =>
        Assert.Contains(reason, KindKeys.Fault(kind, await HeaderAsync(names)), StringComparison.Ordinal);

    private static async Task<SafetensorsHeader> HeaderAsync(string[] names) => (await SafetensorsHeader.ReadAsync(new MemoryStream(Weights.Of(0, names)), "content", Token)).Header;
}
