using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    private static string? version;

    /// <summary>The libtorch's version and, behind a plus, the BLAS that it runs on: <c>1.13.0+openblas</c>.</summary>
    public static string __version__ => version ??= $"{Marshal.PtrToStringUTF8(NativeMethods.torch_version())}+{NativeLibraryLoader.Blas()}";

    /// <summary>How many threads an operator uses on the CPU.</summary>
    public static int get_num_threads() => NativeMethods.get_num_threads();

    public static void set_num_threads(int num) => Op.Check(NativeMethods.set_num_threads(num));

    public static int get_num_interop_threads() => NativeMethods.get_num_interop_threads();

    public static void set_num_interop_threads(int num) => Op.Check(NativeMethods.set_num_interop_threads(num));

    /// <exception cref="InvalidOperationException">The machine, or this libtorch, has no such device.</exception>
    public static void InitializeDeviceType(DeviceType deviceType)
    {
        if (!TryInitializeDeviceType(deviceType))
            throw new InvalidOperationException($"Torch device type {deviceType} did not initialise on the current machine.");
    }

    public static bool TryInitializeDeviceType(DeviceType deviceType) => deviceType switch
    {
        DeviceType.CPU or DeviceType.META => true,
        DeviceType.CUDA => cuda.is_available(),
        _ => false,
    };

    /// <summary>CUDA devices.</summary>
    public static partial class cuda
    {
        public static bool is_available() => device_count() > 0;

        public static int device_count() => NativeMethods.cuda_device_count();

        /// <summary>Seeds the CUDA generators (and the CPU's, with which libtorch seeds them).</summary>
        public static void manual_seed(long seed) => torch.manual_seed(seed);

        public static void manual_seed_all(long seed) => torch.manual_seed(seed);

        /// <summary>Waits for all that was asked of the device, the current one where none is given.</summary>
        public static void synchronize(Device? device = null) => Op.Check(NativeMethods.cuda_synchronize(device?.index ?? -1));
    }

    /// <summary>Switches of the libraries behind the operators.</summary>
    public static partial class backends
    {
        public static partial class cuda
        {
            public static partial class matmul
            {
                public static bool allow_tf32
                {
                    get => NativeMethods.allow_tf32_matmul() != 0;
                    set => NativeMethods.set_allow_tf32_matmul(value ? 1 : 0);
                }
            }
        }

        public static partial class cudnn
        {
            public static bool allow_tf32
            {
                get => NativeMethods.allow_tf32_cudnn() != 0;
                set => NativeMethods.set_allow_tf32_cudnn(value ? 1 : 0);
            }
        }
    }
}
