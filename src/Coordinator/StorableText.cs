namespace StableDiffusion.Coordinator;

/// <summary>Texts that come from elsewhere, as PostgreSQL takes them.</summary>
internal static class StorableText
{
    /// <summary>Without U+0000, which may stand in a sentence that quotes a damaged file, and which PostgreSQL stores in no text.</summary>
    public static string Storable(this string text) => text.Replace('\0', '\uFFFD');
}
