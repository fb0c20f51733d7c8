using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Files.Checks;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Files;

/// <summary>Takes a file of weights in: checked while it streams into the store, where it is whole or not at all.</summary>
public sealed class FileUpload(IObjectStore objects, FileRegistry registry, IOptions<FilesOptions> options)
{
    private const string ContentType = "application/octet-stream";

    /// <summary>Stores and registers it, in place of one of that name. The caller has the file's lock.</summary>
    /// <param name="kind">What it is for.</param>
    /// <param name="name">The name requests will use.</param>
    /// <param name="content">The file.</param>
    /// <param name="sha256">Its hash, where the sender knows it: lower-case hex, or null.</param>
    /// <param name="cancellationToken">Ends the upload; nothing is stored.</param>
    /// <exception cref="RefusedFileException">It is no such file; nothing is stored.</exception>
    /// <exception cref="ObjectStoreException">The store is away, or refuses.</exception>
    public async Task<RegisteredFile> RunAsync(FileKind kind, string name, Stream content, string? sha256, CancellationToken cancellationToken)
    {
        var (head, header) = await SafetensorsHeader.ReadAsync(content, "content", cancellationToken);
        if (header.Length > options.Value.MaxBytes)
        {
            throw new RefusedFileException("content", $"It has {header.Length} bytes, and no more than {options.Value.MaxBytes} are taken (Files:MaxBytes).");
        }

        if (KindKeys.Fault(kind, header) is { } fault)
        {
            throw new RefusedFileException("content", fault);
        }

        var key = $"{kind.Folder()}{name}{FileName.Weights}";
        var part = new FilePart { Path = name + FileName.Weights, Key = key, Sha256 = "", Bytes = header.Length, Parameters = header.Parameters };
        await registry.CheckBesideAsync(kind, name, part, cancellationToken); // before what is to be replaced is gone
        await using var checkedContent = new CheckedContent(head, content, header.Length, sha256);
        await objects.PutAsync(key, checkedContent, header.Length, ContentType, metadata: null, cancellationToken);
        return await registry.UploadedAsync(kind, name, part with { Sha256 = checkedContent.Sha256! }, cancellationToken);
    }
}
