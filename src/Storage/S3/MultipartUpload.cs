using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace StableDiffusion.Storage.S3;

/// <summary>One object sent in parts, which S3 makes an object of when all are there. What is not completed is aborted, or, where the process died,
/// left for the bucket's rule on incomplete uploads.</summary>
internal sealed class MultipartUpload(AmazonS3Client client, string bucket, string key)
{
    private const int SmallestPart = 16 << 20; // S3 asks for 5 MiB or more, and each is one request
    private const int MostParts = 10_000; // S3's
    private const int Step = 1 << 20;
    private readonly List<PartETag> parts = [];
    private string? id;

    /// <summary>Size of the parts, but the last, of an object of that length.</summary>
    public static int PartBytes(long length)
    {
        var needed = (length + MostParts - 1) / MostParts;
        return (int)Math.Max(SmallestPart, (needed + Step - 1) / Step * Step);
    }

    public async Task<string> BeginAsync(string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        var request = new InitiateMultipartUploadRequest { BucketName = bucket, Key = key, ContentType = contentType };
        foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
        {
            request.Metadata.Add(name, value);
        }

        return id = (await client.InitiateMultipartUploadAsync(request, cancellationToken).ConfigureAwait(false)).UploadId;
    }

    public async Task<string> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using var content = S3ObjectStore.Content(bytes);
        var number = parts.Count + 1;
        var answer = await client.UploadPartAsync(
            new UploadPartRequest { BucketName = bucket, Key = key, UploadId = id, PartNumber = number, InputStream = content, PartSize = bytes.Length },
            cancellationToken).ConfigureAwait(false);
        parts.Add(new PartETag(number, answer.ETag));
        return answer.ETag;
    }

    public Task<CompleteMultipartUploadResponse> CompleteAsync(CancellationToken cancellationToken) => client.CompleteMultipartUploadAsync(
        new CompleteMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = id, PartETags = parts }, cancellationToken);

    /// <summary>Lets the parts go. Best effort: why the upload failed is what the caller is told, and a server that is away keeps them until its own rule.</summary>
    public async Task AbortAsync()
    {
        try
        {
            await client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = id }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AmazonClientException or AmazonServiceException or HttpRequestException or IOException or OperationCanceledException)
        {
            // see above
        }
    }
}
