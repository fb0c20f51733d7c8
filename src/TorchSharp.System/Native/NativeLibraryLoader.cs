using System.Reflection;
using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>Loads the shim that the build put beside the program, and says which BLAS came with its libtorch.</summary>
internal static class NativeLibraryLoader
{
    private const string FileName = "libtorchsystem.so";

    /// <summary>Makes the shim's imports find it. Called once, before the first import.</summary>
    public static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraryLoader).Assembly, Resolve);

    /// <summary>"OpenBLAS", "MKL", "BLIS", "ATLAS" or "reference": the matrix products' speed hangs on it.</summary>
    public static string Blas()
    {
        if (!File.Exists("/proc/self/maps")) return "unknown";
        var maps = File.ReadAllText("/proc/self/maps");
        bool Loaded(string name) => maps.Contains(name, StringComparison.OrdinalIgnoreCase);
        return Loaded("openblas") ? "OpenBLAS"
            : Loaded("libmkl") || Loaded("mkl_core") ? "MKL"
            : Loaded("libblis") ? "BLIS"
            : Loaded("atlas") ? "ATLAS"
            : Loaded("libblas.so") ? "reference"
            : "built in";
    }

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
        if (Blas() == "reference")
        {
            Console.Error.WriteLine("warning: libtorch runs on the reference BLAS, tens of times slower than need be. " +
                "Install libopenblas0-pthread.");
        }
        return handle;
    }
}
