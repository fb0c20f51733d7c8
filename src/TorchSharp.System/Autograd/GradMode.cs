using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Until disposed of, nothing on this thread is recorded for backward.</summary>
    public static IDisposable no_grad() => new GradModeScope(false);

    public static IDisposable enable_grad(bool enabled = true) => new GradModeScope(enabled);

    public static IDisposable set_grad_enabled(bool mode = true) => new GradModeScope(mode);

    /// <summary>As <see cref="no_grad"/>, and the tensors made may never be used in what is recorded.</summary>
    public static IDisposable inference_mode(bool mode = true) => new InferenceModeScope(mode);

    public static bool is_grad_enabled() => NativeMethods.grad_mode() != 0;

    public static bool is_inference_mode_enabled() => NativeMethods.inference_mode() != 0;

    private sealed class GradModeScope : IDisposable
    {
        private readonly int before = NativeMethods.grad_mode();

        public GradModeScope(bool enabled) => NativeMethods.set_grad_mode(enabled ? 1 : 0);

        public void Dispose() => NativeMethods.set_grad_mode(before);
    }

    private sealed class InferenceModeScope(bool enabled) : IDisposable
    {
        private IntPtr guard = NativeMethods.enter_inference_mode(enabled ? 1 : 0);

        public void Dispose()
        {
            if (guard == IntPtr.Zero) return;
            NativeMethods.leave_inference_mode(guard);
            guard = IntPtr.Zero;
        }
    }
}
