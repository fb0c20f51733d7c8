using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace StableDiffusion.Storage.S3;

/// <summary>Objects in one bucket of an S3 server: MinIO, Ceph, AWS or any other. S3 itself makes a Put whole or nothing.</summary>
public sealed class S3ObjectStore : IObjectStore, IDisposable
{
    private const string MetadataPrefix = "x-amz-meta-";
    private readonly AmazonS3Client client;
    private readonly string bucket;
    private readonly string where;
    private readonly bool createBucket;
    private readonly AmazonS3Client shown; // signs URLs for the address that browsers know

    /// <summary>Connects lazily: nothing is sent before the first call.</summary>
    public S3ObjectStore(S3Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        bucket = options.Bucket;
        createBucket = options.CreateBucket;
        where = $"bucket \"{bucket}\" at {options.ServiceUrl}";
        client = Client(options, options.ServiceUrl);
        shown = options.PublicUrl is { Length: > 0 } url ? Client(options, url) : client;
    }

    /// <inheritdoc/>
    public async Task EnsureReadyAsync(CancellationToken cancellationToken)
    {
        if (!createBucket || await FindAsync($"look for {where}", () => client.HeadBucketAsync(new HeadBucketRequest { BucketName = bucket }, cancellationToken), cancellationToken).ConfigureAwait(false) is not null)
        {
            return;
        }
        await CallAsync(
            $"create {where}",
            async () =>
            {
                try
                {
                    await client.PutBucketAsync(new PutBucketRequest { BucketName = bucket }, cancellationToken).ConfigureAwait(false);
                }
                catch (AmazonS3Exception e) when (e.ErrorCode == "BucketAlreadyOwnedByYou")
                {
                    // another process of the farm was quicker
                }
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task PutAsync(
        string key, ReadOnlyMemory<byte> bytes, string contentType,
        IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        ObjectKey.CheckMetadata(metadata);
        using var content = Content(bytes);
        var request = new PutObjectRequest { BucketName = bucket, Key = key, InputStream = content, ContentType = contentType };
        foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
        {
            request.Metadata.Add(name, value);
        }
        await CallAsync($"write {key} to {where}", () => client.PutObjectAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task PutAsync(
        string key, Stream content, long length, string contentType,
        IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        ObjectKey.CheckMetadata(metadata);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var partBytes = MultipartUpload.PartBytes(length);
        var parts = ExactContent.PartsAsync(content, length, new byte[Math.Min(partBytes, length)], cancellationToken);
        if (length <= partBytes)
        {
            ReadOnlyMemory<byte> whole = default;
            await foreach (var part in parts.ConfigureAwait(false))
            {
                whole = part;
            }

            await PutAsync(key, whole, contentType, metadata, cancellationToken).ConfigureAwait(false);
            return;
        }

        var upload = new MultipartUpload(client, bucket, key);
        await CallAsync($"write {key} to {where}", () => upload.BeginAsync(contentType, metadata, cancellationToken), cancellationToken).ConfigureAwait(false);
        try
        {
            await foreach (var part in parts.ConfigureAwait(false))
            {
                await CallAsync($"write {key} to {where}", () => upload.PutAsync(part, cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            await CallAsync($"write {key} to {where}", () => upload.CompleteAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await upload.AbortAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<StoredObject?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var request = new GetObjectRequest { BucketName = bucket, Key = key, ByteRange = offset == 0 ? null : new ByteRange($"bytes={offset}-") };
        try
        {
            var response = await FindAsync($"read {key} from {where}", () => client.GetObjectAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            return response is null
                ? null
                : new StoredObject(Info(key, offset + response.ContentLength, response.LastModified, response.Headers.ContentType, response.Metadata), response.ResponseStream, response);
        }
        catch (ObjectStoreException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.RequestedRangeNotSatisfiable })
        {
            return await HeadAsync(key, cancellationToken).ConfigureAwait(false) is { } info ? new StoredObject(info, Stream.Null) : null; // nothing from there on
        }
    }

    /// <inheritdoc/>
    public async Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        var response = await FindAsync($"look for {key} in {where}", () => client.GetObjectMetadataAsync(bucket, key, cancellationToken), cancellationToken).ConfigureAwait(false);
        return response is null
            ? null
            : Info(key, response.ContentLength, response.LastModified, response.Headers.ContentType, response.Metadata);
    }

    /// <inheritdoc/>
    public async Task<Uri?> PresignAsync(string key, TimeSpan validFor)
    {
        ObjectKey.Check(key);
        var request = new GetPreSignedUrlRequest
        {
            BucketName = bucket,
            Key = key,
            Expires = DateTime.UtcNow + validFor,
            Protocol = shown.Config.ServiceURL.StartsWith("https:", StringComparison.OrdinalIgnoreCase) ? Protocol.HTTPS : Protocol.HTTP,
        };
        return new Uri(await shown.GetPreSignedURLAsync(request).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        await CallAsync($"delete {key} from {where}", () => client.DeleteObjectAsync(bucket, key, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectEntry> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = prefix };
        ListObjectsV2Response page;
        do
        {
            page = await CallAsync($"list {where}", () => client.ListObjectsV2Async(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            foreach (var found in page.S3Objects ?? [])
            {
                yield return new ObjectEntry(found.Key, found.Size ?? 0, Utc(found.LastModified));
            }
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        client.Dispose();
        shown.Dispose();
    }

    /// <summary>Bytes as the SDK takes them.</summary>
    internal static MemoryStream Content(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(bytes.ToArray(), writable: false);

    private static AmazonS3Client Client(S3Options options, string url) => new(
        new BasicAWSCredentials(options.AccessKey, options.SecretKey),
        new AmazonS3Config
        {
            ServiceURL = url,
            AuthenticationRegion = options.Region,
            ForcePathStyle = true,
            // the SDK's default CRC32 trailers are refused by Ceph and by older MinIO
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            Timeout = options.Timeout,
            MaxErrorRetry = 1,
        });

    private static ObjectInfo Info(string key, long length, DateTime? modified, string contentType, MetadataCollection metadata) =>
        new(key, length, Utc(modified), contentType, metadata.Keys.ToDictionary(name => name[MetadataPrefix.Length..], name => metadata[name]));

    private static DateTimeOffset Utc(DateTime? time) => time is { } t ? new DateTimeOffset(t.ToUniversalTime()) : default;

    /// <summary>As <see cref="CallAsync"/>, but null where the server says that the thing does not exist.</summary>
    private static async Task<T?> FindAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellationToken) where T : class
    {
        try
        {
            return await CallAsync(what, call, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectStoreException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" })
        {
            return null;
        }
    }

    private static async Task<T> CallAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is AmazonClientException or AmazonServiceException or HttpRequestException or IOException or OperationCanceledException)
        {
            throw new ObjectStoreException($"Could not {what}: {e.Message}", IsTransient(e), e);
        }
    }

    /// <summary>No answer, a busy or failing server, a bucket not made yet: may pass. Refusals (403, 400, …) stay.</summary>
    private static bool IsTransient(Exception e) => e switch
    {
        AmazonS3Exception { ErrorCode: "NoSuchBucket" or "RequestTimeout" or "SlowDown" or "RequestTimeTooSkewed" } => true,
        AmazonServiceException { StatusCode: 0 or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError } => true,
        AmazonServiceException => false,
        _ => true,
    };
}
