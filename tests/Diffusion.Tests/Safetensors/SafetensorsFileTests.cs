using System.Buffers.Binary;
using System.Text;
using StableDiffusion.Diffusion.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Tensors_are_read_with_their_shape_type_and_values()
    {
        string path = Write("""{"a":{"dtype":"I16","shape":[2,2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}""",
            [1, 0, 2, 0, 3, 0, 0xFF, 0xFF, .. BitConverter.GetBytes(1.5f)]);
        using var file = new SafetensorsFile(path);
        using var a = file.Read("a");
        using var b = file.Read("b");

        Assert.Equal([2, 2], a.shape);
        Assert.Equal(new short[] { 1, 2, 3, -1 }, a.data<short>().ToArray());
        Assert.Empty(b.shape);
        Assert.Equal(1.5f, b.item<float>());
    }

    [Fact]
    public void Only_floating_point_tensors_are_converted()
    {
        string path = Write("""{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"i":{"dtype":"I32","shape":[1],"data_offsets":[4,8]}}""",
            [.. BitConverter.GetBytes((Half)0.5), .. BitConverter.GetBytes((Half)(-2.0)), .. BitConverter.GetBytes(7)]);
        using var file = new SafetensorsFile(path);
        using var h = file.Read("h", ScalarType.Float32);
        using var i = file.Read("i", ScalarType.Float32);

        Assert.Equal([0.5f, -2f], h.data<float>().ToArray());
        Assert.Equal(ScalarType.Int32, i.dtype);
    }

    [Fact]
    public void A_link_is_followed()
    {
        string link = folder.File("link.safetensors");
        File.CreateSymbolicLink(link, Goldens.Path("noise.safetensors"));
        using var file = new SafetensorsFile(link);
        using var expected = new SafetensorsFile(Goldens.Path("noise.safetensors"));
        Assert.Equal(expected.Tensors.Keys, file.Tensors.Keys);
    }

    [Fact]
    public void Reading_a_tensor_that_is_not_there_names_it()
    {
        using var file = new SafetensorsFile(Goldens.Path("noise.safetensors"));
        var problem = Assert.Throws<SafetensorsException>(() => file.Read("nothing"));
        Assert.Equal("nothing", problem.Tensor);
    }

    [Fact]
    public void A_closed_file_is_not_read()
    {
        var file = new SafetensorsFile(Goldens.Path("noise.safetensors"));
        string any = file.Tensors.Keys.First();
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Read(any));
    }

    [Fact]
    public void Every_cut_of_a_file_is_refused()
    {
        byte[] whole = File.ReadAllBytes(Write("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", new byte[8]));
        string cut = folder.File("cut.safetensors");
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(cut, whole[..length]);
            var problem = Assert.Throws<SafetensorsException>(() => new SafetensorsFile(cut));
            Assert.Equal(problem.Message, Assert.Throws<SafetensorsException>(() => SafetensorsFile.Check(cut)).Message);
            Assert.Contains(cut, problem.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", null, "JSON")]
    [InlineData("""[1]""", null, "JSON object")]
    [InlineData("""{"__metadata__":{"format":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", null, "__metadata__")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", null, "JSON")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}""", "a", "F8_E4M3")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "a", "12 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "a", "negative")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", "a", "too large")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "a", "8–0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "a", "data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", "a", "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "a", "truncated")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "a", "no tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", null, "no tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "b", "inside")]
    public void A_corrupt_header_is_refused_with_the_reason(string header, string? tensor, string reason)
    {
        string path = Write(header, new byte[8]);
        var problem = Assert.Throws<SafetensorsException>(() => new SafetensorsFile(path));
        Assert.Equal(path, problem.File);
        Assert.Equal(tensor, problem.Tensor);
        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
        Assert.Contains(path, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_length_beyond_the_file_is_refused_before_it_is_read()
    {
        string path = folder.File("huge.safetensors");
        File.WriteAllBytes(path, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, (byte)'{', (byte)'}']);
        Assert.Throws<SafetensorsException>(() => new SafetensorsFile(path));
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 3438167540\n", "git lfs pull")]
    [InlineData("PK\u0003\u0004\0\0\u0008\u0008archive/data.pkl", "pickle")]
    [InlineData("<!DOCTYPE html><html>", "web page")]
    public void What_is_often_mistaken_for_the_file_is_named(string content, string kind)
    {
        string path = folder.File("mistaken.safetensors");
        File.WriteAllText(path, content);
        Assert.Contains(kind, Assert.Throws<SafetensorsException>(() => new SafetensorsFile(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Int16)]
    [InlineData(ScalarType.Int8)]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Bool)]
    public void What_is_written_is_read_back(ScalarType type)
    {
        string path = folder.File("round.safetensors");
        using var original = arange(6).reshape(2, 3).to(type);
        using var transposed = original.t(); // not contiguous
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["x"] = transposed, ["one"] = original }, new Dictionary<string, string> { ["by"] = "a test" });

        using var file = new SafetensorsFile(path);
        using var x = file.Read("x");
        using var one = file.Read("one");
        Assert.Equal(type, x.dtype);
        Assert.Equal([3, 2], x.shape);
        Assert.True(x.equal(transposed).all().item<bool>());
        Assert.True(one.equal(original).all().item<bool>());
        Assert.Equal("a test", file.Metadata["by"]);
    }

    [Fact]
    public void Written_data_is_aligned_and_repeats_byte_for_byte()
    {
        using var bytes = zeros(3, ScalarType.Byte);
        using var numbers = ones(2, ScalarType.Float64);
        string first = folder.File("first.safetensors"), second = folder.File("second.safetensors");
        SafetensorsWriter.Write(first, new Dictionary<string, Tensor> { ["bytes"] = bytes, ["numbers"] = numbers });
        SafetensorsWriter.Write(second, new Dictionary<string, Tensor> { ["numbers"] = numbers, ["bytes"] = bytes });

        byte[] file = File.ReadAllBytes(first);
        Assert.Equal(file, File.ReadAllBytes(second));
        Assert.Equal(0, (long)BinaryPrimitives.ReadUInt64LittleEndian(file) % 8);
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file_and_nothing_else()
    {
        string path = folder.File("kept.safetensors");
        File.WriteAllText(path, "old");
        using var complex = zeros(1, ScalarType.ComplexFloat32);
        Assert.Throws<NotSupportedException>(() => SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["z"] = complex }));
        var freed = zeros(1);
        freed.Dispose();
        Assert.ThrowsAny<Exception>(() => SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["freed"] = freed }));

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Root));
    }

    private string Write(string header, byte[] data)
    {
        string path = folder.File("written.safetensors");
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        File.WriteAllBytes(path, [.. length, .. json, .. data]);
        return path;
    }
}
