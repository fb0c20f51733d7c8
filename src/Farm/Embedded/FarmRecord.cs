using System.Text.Json;

namespace StableDiffusion.Farm.Embedded;

/// <summary><c>farm.json</c>: how other commands find the farm that holds the lock. It is removed when the farm ends.</summary>
/// <param name="Pid">Its process.</param>
/// <param name="StartedAt">When it began (UTC).</param>
/// <param name="Url">Where it listens; null while it is starting.</param>
public sealed record FarmRecord(int Pid, DateTimeOffset StartedAt, Uri? Url)
{
    /// <summary>Whether a farm runs on this data folder, or is starting or ending.</summary>
    public static bool IsLocked(DataFolder data)
    {
        using FarmLock? free = FarmLock.TryTake(data);
        return free is null;
    }

    /// <summary>The record of the farm that runs on this data folder; null when none does, or one that has no record yet.</summary>
    public static FarmRecord? Find(DataFolder data)
    {
        if (!IsLocked(data))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<FarmRecord>(File.ReadAllBytes(data.Record));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Writes it whole or not at all.</summary>
    public void Write(DataFolder data)
    {
        string temporary = data.Record + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(this));
        File.Move(temporary, data.Record, overwrite: true);
    }
}
