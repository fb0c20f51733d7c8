using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace StableDiffusion.Coordinator.Tests.Files;

/// <summary>Small safetensors files, whole and damaged.</summary>
internal static class Weights
{
    /// <summary>A LoRA in kohya's naming; <paramref name="content"/> makes it another.</summary>
    public static byte[] Lora(byte content = 0) => Of(content, "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", "lora_unet_mid_block_attentions_0_proj_in.lora_up.weight");

    /// <summary>A checkpoint of the family whose text encoder's keys begin so.</summary>
    public static byte[] Checkpoint(string textEncoder = "cond_stage_model.transformer.text_model.final_layer_norm.weight") =>
        Of(0, "model.diffusion_model.out.0.weight", textEncoder, "first_stage_model.decoder.conv_in.weight");

    /// <summary>Tensors of those names, four half-precision numbers each.</summary>
    public static byte[] Of(byte content, params string[] names)
    {
        var head = new JsonObject();
        foreach (var (index, name) in names.Index())
        {
            head[name] = new JsonObject { ["dtype"] = "F16", ["shape"] = new JsonArray(2, 2), ["data_offsets"] = new JsonArray(index * 8, (index + 1) * 8) };
        }

        return WithHead(head.ToJsonString(), [.. Enumerable.Repeat(content, names.Length * 8)]);
    }

    /// <summary>A file with that head, right or wrong.</summary>
    public static byte[] WithHead(string json, byte[] data)
    {
        var head = Encoding.UTF8.GetBytes(json);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, head.Length);
        return [.. length, .. head, .. data];
    }
}
