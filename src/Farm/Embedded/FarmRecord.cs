using System.Text.Json;

namespace StableDiffusion.Farm.Embedded;

/// <summary><c>farm.json</c>: how other commands find the farm that holds the lock. It is removed when the farm ends.</summary>
/// <param name="Pid">Its process.</param>
/// <param name="StartedAt">When it began (UTC).</param>
/// <param name="Url">Where it listens; null while it is starting.</param>
public sealed record FarmRecord(int Pid, DateTimeOffset StartedAt, Uri? Url)
{
    /// <summary>The record of the farm that runs on this data folder; null when none does.</summary>
    public static FarmRecord? Find(DataFolder data)
    {
        using FarmLock? free = FarmLock.TryTake(data);
        if (free is not null)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<FarmRecord>(File.ReadAllBytes(data.Record));
        }
        catch (FileNotFoundException)
        {
            return null; // it has the lock, and has not come to write this or has just removed it
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
