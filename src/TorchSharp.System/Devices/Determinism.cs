using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static bool are_deterministic_algorithms_enabled() => NativeMethods.deterministic_algorithms() != 0;

    /// <summary>Makes operators without a deterministic algorithm an error, or a warning, until the result is disposed of.</summary>
    public static IDisposable use_deterministic_algorithms(bool mode = true, bool warn_only = false)
    {
        var before = are_deterministic_algorithms_enabled();
        NativeMethods.set_deterministic_algorithms(mode ? 1 : 0, warn_only ? 1 : 0);
        return new DeterminismScope(before);
    }

    private sealed class DeterminismScope(bool before) : IDisposable
    {
        public void Dispose() => NativeMethods.set_deterministic_algorithms(before ? 1 : 0, 0);
    }
}
