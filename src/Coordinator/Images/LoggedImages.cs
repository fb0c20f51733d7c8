namespace StableDiffusion.Coordinator.Images;

/// <summary>Images in a line of the log, so that an image's id finds what became of its group.</summary>
internal static class LoggedImages
{
    private const int Most = 100;

    /// <summary>Their ids; of very many the first.</summary>
    public static string Text(IEnumerable<Guid> images)
    {
        var all = images.ToList();
        return string.Join(", ", all.Take(Most)) + (all.Count > Most ? $" and {all.Count - Most} more" : "");
    }
}
