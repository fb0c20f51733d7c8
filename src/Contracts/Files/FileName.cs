using System.Text;
using System.Text.RegularExpressions;

namespace StableDiffusion.Contracts.Files;

/// <summary>What a registered file may be called: its name is part of a key, of a path, and of a request.</summary>
public static partial class FileName
{
    /// <summary>How a file of weights ends; nothing else is read.</summary>
    public const string Weights = ".safetensors";

    private const int MaxBytes = 150; // a segment of a key has 200, and the extension is to fit

    /// <summary>What is wrong with the name, as the end of a sentence; null when nothing is.</summary>
    public static string? Fault(FileKind kind, string name)
    {
        if (kind == FileKind.Checkpoint)
        {
            return QueueName().IsMatch(name) ? null : $"it becomes a queue's name and may only hold letters, digits, '.', '_' and '-', at most {MaxBytes}";
        }

        return name.Length == 0 ? "it is empty"
            : Encoding.UTF8.GetByteCount(name) > MaxBytes ? $"it is longer than {MaxBytes} bytes"
            : name is "." or ".." || name != name.Trim() ? "it is \".\" or \"..\", or a blank is at its end"
            : name.Any(c => char.IsControl(c) || c is '/' or '\\' or ':' or '<' or '>' or '"') ? "it may hold none of / \\ : < > \" and no control character"
            : null;
    }

    [GeneratedRegex(@"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,150}$")]
    private static partial Regex QueueName();
}
