using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pictures;

/// <summary>Between pictures of bytes and the tensors that networks take, −1 … 1.</summary>
public static class PictureTensors
{
    /// <summary>The picture that a VAE decoded, rounded half to even as diffusers does.</summary>
    /// <param name="image">(1, C, H, W), −1 … 1; what lies outside is clipped.</param>
    /// <exception cref="ArgumentException">Another shape.</exception>
    /// <exception cref="NotSupportedException">It holds NaN: damaged weights, or numbers beyond the type's range.</exception>
    public static Picture ToPicture(Tensor image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.dim() != 4 || image.shape[0] != 1)
        {
            throw new ArgumentException($"One picture (1, C, H, W) is wanted, not [{string.Join(", ", image.shape)}].", nameof(image));
        }

        using var scope = NewDisposeScope();
        if (image.isnan().any().item<bool>())
        {
            throw new NotSupportedException(
                $"The network's picture holds values that are no numbers: its weights are damaged, or {image.dtype} is too narrow for them; try float32 or bfloat16.");
        }

        var bytes = ((image.to(ScalarType.Float32) / 2) + 0.5).clamp(0, 1).mul(255).round().to(ScalarType.Byte).squeeze(0).permute(1, 2, 0).contiguous().cpu();
        return new Picture((int)image.shape[3], (int)image.shape[2], (int)image.shape[1], bytes.data<byte>().ToArray());
    }

    /// <summary>The picture as a VAE takes it: (1, C, H, W) in single precision on the CPU, −1 … 1, owned by the caller's scope.</summary>
    public static Tensor ToTensor(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        using var scope = NewDisposeScope();
        var bytes = tensor(picture.Pixels, [1, picture.Height, picture.Width, picture.Channels], dtype: ScalarType.Byte);
        return ((bytes.to(ScalarType.Float32).permute(0, 3, 1, 2) / 127.5) - 1).contiguous().MoveToOuterDisposeScope();
    }
}
