using System.Globalization;

namespace StableDiffusion.Diffusion.Memory;

/// <summary>The main memory that this process holds, as Linux counts it in <c>/proc/self</c>.</summary>
public static class ProcessMemory
{
    private const string PeakField = "VmHWM:";
    private const string ResetPeakToNow = "5"; // https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html

    /// <summary>The most that was resident at once since the start or the last <see cref="ResetPeak"/>, in bytes; null where the system does not tell.</summary>
    public static long? Peak
    {
        get
        {
            const string status = "/proc/self/status";
            string? line = File.Exists(status) ? File.ReadLines(status).FirstOrDefault(line => line.StartsWith(PeakField, StringComparison.Ordinal)) : null;
            return line is null ? null : 1024 * long.Parse(line[PeakField.Length..^"kB".Length], CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Lets <see cref="Peak"/> begin anew from what is resident now, where the system allows it.</summary>
    /// <returns>Whether it did</returns>
    public static bool ResetPeak()
    {
        try
        {
            File.WriteAllText("/proc/self/clear_refs", ResetPeakToNow);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // another system, or one that forbids it: the peak goes on counting from the start
        }
    }
}
