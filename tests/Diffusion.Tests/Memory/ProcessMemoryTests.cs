using System.IO.MemoryMappedFiles;
using StableDiffusion.Diffusion.Memory;

namespace StableDiffusion.Diffusion.Tests.Memory;

[Collection(nameof(ProcessPeak))]
public sealed class ProcessMemoryTests
{
    internal const long Block = 512 << 20;

    [Fact]
    public void Peak_counts_what_was_freed_again_until_it_is_reset()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && ProcessMemory.ResetPeak(), "the system lets no process reset its peak");
        long before = Assert.NotNull(ProcessMemory.Peak);
        TakeAndGiveBack();
        long after = Assert.NotNull(ProcessMemory.Peak);
        Assert.True(after >= before + (Block / 2), $"{before} before, {after} after");
        ProcessMemory.ResetPeak();
        Assert.True(ProcessMemory.Peak < after - (Block / 2), $"{after} before the reset, {ProcessMemory.Peak} after");
    }

    internal static void TakeAndGiveBack()
    {
        // mapped and unmapped, whatever the allocator keeps
        using var mapped = MemoryMappedFile.CreateNew(null, Block);
        using var view = mapped.CreateViewAccessor();
        for (long page = 0; page < Block; page += Environment.SystemPageSize)
        {
            view.Write(page, (byte)1);
        }
    }
}
