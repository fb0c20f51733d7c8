using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Owners.Keys;

/// <summary>The file of <see cref="OwnerOptions.AdminKeyFile"/>.</summary>
internal sealed class AdminKeyFile(string path)
{
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The key; null when there is no file yet.</summary>
    public string? Read()
    {
        if (!File.Exists(Path))
        {
            return null;
        }

        var key = File.ReadAllText(Path).Trim();
        var faults = new List<ValidationResult>();
        return Validator.TryValidateProperty(key, new ValidationContext(new OwnerOptions()) { MemberName = nameof(OwnerOptions.AdminKey) }, faults) && key.Length > 0
            ? key
            : throw new InvalidOperationException($"Owners:AdminKeyFile names {Path}, which holds no key: it must be 24 to 200 characters of ASCII without spaces. Remove the file and one is made.");
    }

    /// <summary>Makes the file, readable by nobody else.</summary>
    public void Write(string key)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(Path, options);
        writer.WriteLine(key);
    }
}
