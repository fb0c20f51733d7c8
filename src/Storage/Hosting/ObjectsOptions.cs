using Microsoft.Extensions.Options;
using StableDiffusion.Storage.S3;

namespace StableDiffusion.Storage.Hosting;

/// <summary>Settings <c>Objects</c>: where pictures are kept.</summary>
public sealed class ObjectsOptions
{
    /// <summary>"s3" or "folder".</summary>
    public string Kind { get; set; } = "s3";

    /// <summary>With <see cref="Kind"/> "folder": the folder, created when missing.</summary>
    public string Folder { get; set; } = "";

    /// <summary>With <see cref="Kind"/> "s3": the server and bucket.</summary>
    public S3Options S3 { get; set; } = new();
}

/// <summary>Says which setting is missing or wrong, and what belongs there.</summary>
internal sealed class ObjectsOptionsValidator : IValidateOptions<ObjectsOptions>
{
    public ValidateOptionsResult Validate(string? name, ObjectsOptions options)
    {
        var faults = (options.Kind switch
        {
            "folder" => FolderFaults(options),
            "s3" => S3Faults(options.S3),
            _ => [$"Objects:Kind is \"{options.Kind}\"; it must be \"s3\" or \"folder\"."],
        }).ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> FolderFaults(ObjectsOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Folder))
        {
            yield return "Objects:Folder is missing: name the folder that pictures are kept in.";
        }
    }

    private static IEnumerable<string> S3Faults(S3Options s3)
    {
        if (!Uri.TryCreate(s3.ServiceUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            yield return $"Objects:S3:ServiceUrl is \"{s3.ServiceUrl}\"; it must be the S3 server's URL, like http://minio:9000.";
        }
        if (s3.PublicUrl is { Length: > 0 } shown && (!Uri.TryCreate(shown, UriKind.Absolute, out var seen) || seen.Scheme is not ("http" or "https")))
        {
            yield return $"Objects:S3:PublicUrl is \"{shown}\"; it must be the S3 server's URL as browsers reach it, like https://objects.example.com, or nothing.";
        }
        foreach (var (setting, value) in new[] { ("Bucket", s3.Bucket), ("AccessKey", s3.AccessKey), ("SecretKey", s3.SecretKey), ("Region", s3.Region) })
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                yield return $"Objects:S3:{setting} is missing.";
            }
        }
        if (s3.Timeout <= TimeSpan.Zero)
        {
            yield return $"Objects:S3:Timeout is {s3.Timeout}; it must be longer than zero.";
        }
    }
}
