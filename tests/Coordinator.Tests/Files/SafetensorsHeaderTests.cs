using System.Text;
using StableDiffusion.Coordinator.Files;
using StableDiffusion.Coordinator.Files.Checks;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Files;

public sealed class SafetensorsHeaderTests
{
    [Fact]
    public async Task The_head_tells_the_tensors_and_the_whole_files_length()
    {
        var file = Weights.Lora();
        var (head, header) = await ReadAsync(file);
        Assert.Equal(file.Length, header.Length);
        Assert.Equal(file[..head.Length], head);
        Assert.Equal([2L, 2], header.Tensors[0].Shape);
        Assert.Equal("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", header.Tensors[0].Name);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[2],"data_offsets":[4,8]}}""", "b overlaps")]
    [InlineData("""{"a":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[2],"data_offsets":[12,16]}}""", "bytes 8 to 12 before the tensor b belong to none")]
    [InlineData("""{"a":{"dtype":"F16","shape":[2,2],"data_offsets":[0,6]}}""", "takes 8 bytes, and its data_offsets 0 to 6 hold 6")]
    [InlineData("""{"a":{"dtype":"F16","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,0]}}""", "takes ")]
    [InlineData("""{"a":{"dtype":"F16","shape":[2,2],"data_offsets":[8,0]}}""", "hold -8")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}""", "dtype F8_E4M3, which is not read")]
    [InlineData("""{"a":{"dtype":"F16","shape":[-2],"data_offsets":[0,4]}}""", "The tensor a must have dtype")]
    [InlineData("""{"a":{"dtype":"F16","shape":[2],"data_offsets":[0]}}""", "The tensor a must have dtype")]
    [InlineData("""{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"a":{"dtype":"F16","shape":[2],"data_offsets":[4,8]}}""", "not valid JSON")]
    [InlineData("""{"a":""", "not valid JSON")]
    [InlineData("[]", "no JSON object")]
    [InlineData("""{"__metadata__":{"format":"pt"}}""", "holds no tensor")]
    public async Task A_wrong_head_is_refused_by_what_is_wrong(string head, string reason)
    {
        var refused = await Assert.ThrowsAsync<RefusedFileException>(() => ReadAsync(Weights.WithHead(head, new byte[16])));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Equal("content", refused.Field);
    }

    [Theory]
    [InlineData("PK\u0003\u0004 an archive of torch.save", "pickle")]
    [InlineData("<!DOCTYPE html><html>", "web page")]
    [InlineData("version https://git-lfs.github.com/spec/v1", "git lfs pull")]
    [InlineData("short", "5 bytes, too few")]
    [InlineData("\u0010\0\0\0\0\0\0\0{\"a\"", "truncated: its head claims 16 bytes, and 4 are there")]
    public async Task What_is_no_safetensors_file_is_called_by_its_name(string content, string reason) =>
        Assert.Contains(reason, (await Assert.ThrowsAsync<RefusedFileException>(() => ReadAsync(Encoding.UTF8.GetBytes(content)))).Message, StringComparison.Ordinal);

    private static Task<(byte[] Head, SafetensorsHeader Header)> ReadAsync(byte[] file) => SafetensorsHeader.ReadAsync(new MemoryStream(file), "content", Token);
}
