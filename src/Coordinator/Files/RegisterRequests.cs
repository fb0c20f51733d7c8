using System.Diagnostics.CodeAnalysis;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Files;

/// <summary>Reads a <see cref="RegisterFileRequest"/>.</summary>
internal static class RegisterRequests
{
    /// <summary>What is to be registered, or null and what is wrong, by field.</summary>
    public static (FileKind Kind, string Name, string Key)? Read(RegisterFileRequest request, out Dictionary<string, string[]> errors)
    {
        errors = [];
        if (request.Kind is not { } kind)
        {
            errors["kind"] = ["Give checkpoint, lora, embedding, vae or controlnet."];
        }

        if (KeyFault(request.Key) is { } keyFault)
        {
            errors["key"] = [keyFault];
        }

        if (errors.Count > 0)
        {
            return null;
        }

        kind = request.Kind!.Value;
        var key = request.Key!;
        var name = request.Name ?? FoundFile.NameOf(key);
        if (key.EndsWith('/') && !kind.MayBeFolder())
        {
            errors["key"] = [$"A {kind.Word()} is one {FileName.Weights} object, not a folder."];
        }
        else if (FileName.Fault(kind, name) is { } fault)
        {
            errors["name"] = [$"\"{name}\" cannot be its name: {fault}."];
        }

        return errors.Count == 0 ? (kind, name, key) : null;
    }

    private static string? KeyFault(string? key)
    {
        if (key is null || !key.StartsWith(FileKinds.Prefix, StringComparison.Ordinal))
        {
            return $"Give a key that begins with {FileKinds.Prefix}, where the farm's model files lie.";
        }

        if (!key.EndsWith('/') && !key.EndsWith(FileName.Weights, StringComparison.Ordinal))
        {
            return $"Give the key of a {FileName.Weights} object, or, with a slash at its end, of a folder; pickles are not read.";
        }

        return ObjectKey.Fault(key.TrimEnd('/')) is { } fault ? $"The key {fault}." : null;
    }
}
