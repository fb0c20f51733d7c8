namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Pictures of a request that share the network's calls. A group is always of the request's class: a short one is filled up by
/// drawing its last picture again, which is thrown away.</summary>
/// <param name="Images">Indices into the request's images, no more than the class.</param>
/// <param name="Class">Pictures in a call.</param>
internal sealed record PictureGroup(IReadOnlyList<int> Images, int Class)
{
    /// <summary>For each place in the batch, the picture that is drawn there.</summary>
    public IReadOnlyList<int> Places { get; } = [.. Enumerable.Range(0, Class).Select(place => Images[Math.Min(place, Images.Count - 1)])];

    /// <summary>Puts pictures of equal shape together, in the order that they were asked for.</summary>
    /// <param name="count">Pictures of the request.</param>
    /// <param name="batchClass">Of the request.</param>
    /// <param name="share">Whether different pictures may share a call.</param>
    /// <param name="shape">What pictures must have in common; asked for only where several share a call.</param>
    public static IEnumerable<PictureGroup> Form(int count, int batchClass, bool share, Func<int, string> shape)
    {
        var images = Enumerable.Range(0, count);
        return batchClass == 1 || !share
            ? images.Select(image => new PictureGroup([image], batchClass))
            : images.GroupBy(shape).SelectMany(alike => alike.Chunk(batchClass)).Select(chunk => new PictureGroup(chunk, batchClass));
    }
}
