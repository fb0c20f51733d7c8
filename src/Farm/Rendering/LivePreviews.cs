using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Farm.Client;

namespace StableDiffusion.Farm.Rendering;

/// <summary>With <c>--previews</c>: pictures on their way, as <c>NAME.preview.png</c> beside where they will be; gone when those are there.</summary>
/// <param name="nameOf">The finished picture's file.</param>
internal sealed class LivePreviews(FarmClient farm, Func<ImageResponse, string> nameOf) : IDisposable
{
    private readonly HashSet<string> files = [];

    /// <summary>Fetches what there is now.</summary>
    public async Task FetchAsync(BatchResponse batch, CancellationToken cancellationToken)
    {
        if (batch.Counts.Rendering == 0)
        {
            return;
        }

        foreach (ImageResponse image in await farm.GetImagesAsync(batch, cancellationToken))
        {
            if (image.PreviewUrl is not null && await farm.GetPreviewAsync(image, cancellationToken) is { } png)
            {
                string file = Path.ChangeExtension(nameOf(image), ".preview.png");
                files.Add(file);
                await PictureFiles.SaveAsync(file, png, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (string file in files)
        {
            File.Delete(file);
        }
    }
}
