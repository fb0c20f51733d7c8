namespace StableDiffusion.Storage.S3;

/// <summary>Settings <c>Objects:S3</c>: an S3 server and the bucket on it.</summary>
public sealed class S3Options
{
    /// <summary>The server, "http://minio:9000".</summary>
    public string ServiceUrl { get; set; } = "";

    /// <summary>The server as browsers reach it, where that is another address: presigned URLs name it. Unset: <see cref="ServiceUrl"/>.</summary>
    public string? PublicUrl { get; set; }

    /// <summary>The bucket.</summary>
    public string Bucket { get; set; } = "renders";

    /// <summary>Whether a missing bucket is made at start. False where the keys may neither look nor make, as a worker's: then whoever gave
    /// them has made it.</summary>
    public bool CreateBucket { get; set; } = true;

    /// <summary>Access key id.</summary>
    public string AccessKey { get; set; } = "";

    /// <summary>Secret access key.</summary>
    public string SecretKey { get; set; } = "";

    /// <summary>The region that requests are signed for.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>How long one try of one request may take.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);
}
