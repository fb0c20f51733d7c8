using System.Reflection;
using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>Loads the shim that the build put beside the program, and says which BLAS came with its libtorch.</summary>
internal static class NativeLibraryLoader
{
    private const string FileName = "libtorchsystem.so";

    /// <summary>How long the end of the process waits for operators that other threads are in.</summary>
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(20);

    /// <summary>Makes the shim's imports find it. Called once, before the first import.</summary>
    public static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraryLoader).Assembly, Resolve);

    /// <summary>"openblas", "mkl", "blis", "atlas", "reference" or "own" (linked in): the matrix products' speed hangs on it.</summary>
    public static string Blas()
    {
        var shared = SharedBlas();
        return shared != "own" ? shared : Config().Contains("Math Kernel Library", StringComparison.Ordinal) ? "mkl" : "own";
    }

    /// <summary>The BLAS among the libraries that the process has loaded.</summary>
    private static string SharedBlas()
    {
        if (!File.Exists("/proc/self/maps")) return "own";
        var maps = File.ReadAllText("/proc/self/maps");
        bool Loaded(string name) => maps.Contains(name, StringComparison.OrdinalIgnoreCase);
        if (Loaded("openblas")) return "openblas";
        if (Loaded("libmkl")) return "mkl";
        if (Loaded("libblis")) return "blis";
        if (Loaded("atlas")) return "atlas";
        return Loaded("libblas.so") ? "reference" : "own";
    }

    private static string Config() => Marshal.PtrToStringUTF8(NativeMethods.torch_config()) ?? "";

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != "torchsystem") return IntPtr.Zero;
        var path = Path.Combine(AppContext.BaseDirectory, FileName);
        if (!File.Exists(path)) path = Path.Combine(Path.GetDirectoryName(assembly.Location) ?? ".", FileName);
        IntPtr handle;
        try
        {
            handle = NativeLibrary.Load(path);
        }
        catch (DllNotFoundException e)
        {
            throw new DllNotFoundException(
                $"{path} did not load. It needs the libtorch that it was built with (Debian and Ubuntu: libtorch-dev and " +
                $"libopenblas0-pthread), or build again with LIBTORCH naming another. {e.Message}", e);
        }
        // Threads may still compute, as when an interrupted command's time to stop is over.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => NativeMethods.end_calls((int)LongestCall.TotalMilliseconds);
        if (SharedBlas() == "reference")
        {
            Console.Error.WriteLine("warning: libtorch runs on the reference BLAS, tens of times slower than need be. " +
                "Install libopenblas0-pthread.");
        }
        return handle;
    }
}
