using System.ComponentModel;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Files;

/// <summary>/v1/files: checkpoints, LoRAs, embeddings, VAEs and ControlNets in the object store.</summary>
internal static class FilesApi
{
    private static readonly Dictionary<string, FileKind> Kinds = FileKinds.All.ToDictionary(StateNames<FileKind>.Name);

    public static RouteGroupBuilder MapFiles(this IEndpointRouteBuilder routes)
    {
        var files = routes.MapGroup("/v1/files").WithTags("Files").RequireAuthorization(AccessPolicies.Farm).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        files.MapGet("", List).WithName("ListFiles").WithSummary("Registered checkpoints, LoRAs, embeddings, VAEs and ControlNets");
        files.MapPost("", Register).WithName("RegisterFile").WithSummary("Register what already lies in the object store")
            .WithDescription("It is read through after the answer: checking, then ready or refused with the reason.").ProducesProblem(StatusCodes.Status409Conflict);
        files.MapPost("scan", Scan).WithName("ScanFiles").WithSummary("Look through the object store's models/")
            .WithDescription("Registers checkpoints/NAME.safetensors or NAME/model_index.json, loras/NAME.safetensors, embeddings/, vae/ and controlnets/, and marks what is gone. Done at start, too.");
        files.MapGet("{kind}/{name}", Get).WithName("GetFile").WithSummary("One registered file").ProducesProblem(StatusCodes.Status404NotFound);
        files.MapPut("{kind}/{name}/content", Put).WithName("PutFile").WithSummary("Upload a .safetensors file")
            .WithDescription("The body is the file. It is checked while it comes; what is refused is not stored.")
            .Accepts<Stream>("application/octet-stream", "*/*").ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status413PayloadTooLarge);
        files.MapDelete("{kind}/{name}", Delete).WithName("DeleteFile").WithSummary("Delete a file from the object store and from workers' caches")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        return files;
    }

    private static async Task<Results<Ok<List<FileResponse>>, ValidationProblem>> List(
        FarmDb db, [Description("checkpoint, lora, embedding, vae or controlnet; all when left out.")] string? kind, CancellationToken cancellationToken)
    {
        if (kind is not null && !Kinds.ContainsKey(kind))
        {
            return NoSuchKind();
        }

        FileKind? wanted = kind is null ? null : Kinds[kind];
        var files = await db.Files.AsNoTracking().Where(file => wanted == null || file.Kind == wanted).ToListAsync(cancellationToken);
        return TypedResults.Ok(files.OrderBy(file => file.Kind).ThenBy(file => file.Name, StringComparer.Ordinal).Select(file => file.ToResponse(withParts: false)).ToList());
    }

    private static async Task<Results<Ok<FileResponse>, NotFound, ValidationProblem>> Get(
        [Description("checkpoint, lora, embedding, vae or controlnet.")] string kind, [Description("The file's name.")] string name,
        FileRegistry registry, CancellationToken cancellationToken) =>
        !Kinds.TryGetValue(kind, out var wanted) ? NoSuchKind()
        : await registry.FindAsync(wanted, name, cancellationToken) is { } file ? TypedResults.Ok(file.ToResponse(withParts: true))
        : TypedResults.NotFound();

    private static async Task<Results<Accepted<FileResponse>, ValidationProblem, ProblemHttpResult>> Register(
        RegisterFileRequest request, FileRegistry registry, FileSignal signal, CancellationToken cancellationToken)
    {
        if (RegisterRequests.Read(request, out var errors) is not var (kind, name, key))
        {
            return TypedResults.ValidationProblem(errors);
        }

        var file = await registry.RegisterAsync(kind, name, key, cancellationToken);
        if (file is null)
        {
            return Fault("key", $"There is nothing at {key} in the object store{(key.EndsWith('/') ? "" : "; a folder's key ends with a slash")}.");
        }

        signal.Wake();
        return file.Key == key
            ? TypedResults.Accepted($"/v1/files/{StateNames<FileKind>.Name(kind)}/{Uri.EscapeDataString(name)}", file.ToResponse(withParts: true))
            : Conflict($"There is a {kind.Word()} \"{name}\" at {file.Key}: delete it, or give this one another name.");
    }

    private static async Task<Ok<ScanResponse>> Scan(FileScan scan, FileSignal signal, CancellationToken cancellationToken)
    {
        var found = await scan.RunAsync(cancellationToken);
        signal.Wake();
        return TypedResults.Ok(found);
    }

    private static async Task<Results<Created<FileResponse>, Ok<FileResponse>, ValidationProblem, ProblemHttpResult>> Put(
        [Description("checkpoint, lora, embedding, vae or controlnet.")] string kind,
        [Description("The name requests will use.")] string name,
        HttpRequest request, FarmDb db, FileUpload upload, FileRegistry registry, FileUse use, FileSignal signal, Fleet fleet, IOptions<FilesOptions> options, CancellationToken cancellationToken,
        [Description("The file's SHA-256 in hexadecimal: another content is refused.")] string? sha256 = null,
        [Description("Replace a file that waiting images need; they fail.")] bool force = false)
    {
        if (!Kinds.TryGetValue(kind, out var wanted))
        {
            return NoSuchKind();
        }

        if (FileName.Fault(wanted, name) is { } fault)
        {
            return Fault("name", $"\"{name}\" cannot be its name: {fault}.");
        }

        if (sha256 is not null && (sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigit)))
        {
            return Fault("sha256", "Give 64 hexadecimal digits, or leave it out.");
        }

        request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = options.Value.MaxBytes;
        await using var turn = await FileLock.TryTakeAsync(db, wanted, name, cancellationToken);
        if (turn is null)
        {
            return Conflict($"The {wanted.Word()} \"{name}\" is being uploaded, read through or deleted just now; try again later.");
        }

        var before = await registry.FindAsync(wanted, name, cancellationToken);
        if (before?.Key.EndsWith('/') == true)
        {
            return Conflict($"The {wanted.Word()} \"{name}\" is the folder {before.Key}: delete it first, or take another name.");
        }

        // one that is not ready yet was ready before, perhaps
        if (before?.Sha256 is { } hash && hash != sha256?.ToLowerInvariant() && !force && await use.ConflictAsync(before, cancellationToken) is { } needed)
        {
            return Conflict(needed);
        }

        try
        {
            var file = await upload.RunAsync(wanted, name, request.Body, sha256?.ToLowerInvariant(), cancellationToken);
            signal.Wake();
            fleet.Changed(); // the next image that is handed out names this content
            if (force && before?.Sha256 is { } old && old != file.Sha256 && wanted != FileKind.Checkpoint) // what needs a checkpoint needs any of its name
            {
                await use.FailAsync(before, CancellationToken.None);
            }

            var response = file.ToResponse(withParts: true);
            return before is null ? TypedResults.Created($"/v1/files/{kind}/{Uri.EscapeDataString(name)}", response) : TypedResults.Ok(response);
        }
        catch (RefusedFileException refused)
        {
            return Fault(refused.Field, refused.Message);
        }
    }

    private static async Task<Results<NoContent, NotFound, ValidationProblem, ProblemHttpResult>> Delete(
        [Description("checkpoint, lora, embedding, vae or controlnet.")] string kind, [Description("The file's name.")] string name,
        FarmDb db, FileRegistry registry, FileUse use, CancellationToken cancellationToken,
        [Description("Delete a file that waiting images need; they fail.")] bool force = false)
    {
        if (!Kinds.TryGetValue(kind, out var wanted))
        {
            return NoSuchKind();
        }

        await using var turn = await FileLock.TryTakeAsync(db, wanted, name, cancellationToken);
        if (turn is null)
        {
            return Conflict($"The {wanted.Word()} \"{name}\" is being uploaded, read through or deleted just now; try again later.");
        }

        if (await registry.FindAsync(wanted, name, cancellationToken) is not { } file)
        {
            return TypedResults.NotFound();
        }

        if (!force && await use.ConflictAsync(file, cancellationToken) is { } needed)
        {
            return Conflict(needed);
        }

        if (force)
        {
            await use.FailAsync(file, CancellationToken.None); // begun: a client that goes away changes nothing
        }

        await registry.RemoveAsync(file, cancellationToken);
        return TypedResults.NoContent();
    }

    private static ValidationProblem NoSuchKind() => Fault("kind", $"There is no such kind: give one of {string.Join(", ", Kinds.Keys)}.");

    private static ValidationProblem Fault(string field, string message) => TypedResults.ValidationProblem(
        new Dictionary<string, string[]> { [field] = [message] }, detail: "Nothing was stored; errors names each field that needs a change.");

    private static ProblemHttpResult Conflict(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status409Conflict);
}
