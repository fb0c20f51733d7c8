using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace TorchSharp.Native;

/// <summary>
/// ATen's operators by name: <c>Op.Call("add.Tensor", left, right)</c> calls <c>aten::add</c>'s overload <c>Tensor</c>.
/// Arguments come in the order of the operator's schema; those left out at the end take the schema's defaults.
/// </summary>
internal static unsafe class Op
{
    private const int CellsOnStack = 128;

    private static readonly ConcurrentDictionary<string, IntPtr> Handles = new(StringComparer.Ordinal);

    /// <summary>Whether this libtorch has the operator.</summary>
    public static bool Exists(string name) => Find(name) != IntPtr.Zero;

    /// <summary>Calls the operator and gives its first result, a new tensor of the caller's.</summary>
    public static Tensor Call(string name, params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Invoke(name, args, &result, 1);
        return ToTensor(result);
    }

    /// <summary>Calls an operator that changes <paramref name="self"/>, its first argument, and gives that same object back.</summary>
    public static Tensor CallInPlace(string name, Tensor self, params ReadOnlySpan<Arg> rest)
    {
        var buffer = new ArgBuffer();
        Span<Arg> args = buffer;
        args[0] = self;
        rest.CopyTo(args[1..]);
        Invoke(name, args[..(rest.Length + 1)], null, 0);
        return self;
    }

    /// <summary>Calls an operator that changes its arguments and gives nothing back.</summary>
    public static void CallVoid(string name, params ReadOnlySpan<Arg> args) => Invoke(name, args, null, 0);

    public static (Tensor, Tensor) Call2(string name, params ReadOnlySpan<Arg> args)
    {
        var results = stackalloc NativeValue[2];
        Invoke(name, args, results, 2);
        return (ToTensor(results[0]), ToTensor(results[1]));
    }

    public static (Tensor, Tensor, Tensor) Call3(string name, params ReadOnlySpan<Arg> args)
    {
        var results = stackalloc NativeValue[3];
        Invoke(name, args, results, 3);
        return (ToTensor(results[0]), ToTensor(results[1]), ToTensor(results[2]));
    }

    public static Tensor[] CallList(string name, params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Invoke(name, args, &result, 1);
        var handles = new ReadOnlySpan<IntPtr>((void*)result.Pointer, result.Count);
        var tensors = new Tensor[handles.Length];
        for (var k = 0; k < tensors.Length; k++) tensors[k] = new Tensor(handles[k]);
        NativeMethods.free_list(result.Pointer);
        return tensors;
    }

    public static bool CallBool(string name, params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Invoke(name, args, &result, 1);
        return result.Int != 0;
    }

    /// <summary>Throws what libtorch said when a call of the shim failed.</summary>
    public static void Check(int status)
    {
        if (status != 0) throw new ExternalException(Marshal.PtrToStringUTF8(NativeMethods.last_error_message()));
    }

    private static Tensor ToTensor(in NativeValue value) => value.Tag == Tag.Tensor && value.Pointer != IntPtr.Zero
        ? new Tensor(value.Pointer)
        : throw new InvalidOperationException("The operator gave no tensor.");

    [SkipLocalsInit]
    private static void Invoke(string name, ReadOnlySpan<Arg> args, NativeValue* results, int capacity)
    {
        var op = Find(name);
        if (op == IntPtr.Zero) throw new NotSupportedException($"This libtorch ({torch.__version__}) has no operator {name}.");
        var cellCount = 0;
        foreach (ref readonly var arg in args) cellCount += arg.Cells;
        Span<long> cells = cellCount <= CellsOnStack ? stackalloc long[CellsOnStack] : new long[cellCount];
        var values = stackalloc NativeValue[args.Length];
        fixed (long* first = cells)
        {
            var next = first;
            for (var k = 0; k < args.Length; k++) next = Write(in args[k], values + k, next);
            Check(NativeMethods.call_operator(op, values, args.Length, results, capacity));
        }
        // The handles above were read from the arguments, which must outlive the call.
        foreach (ref readonly var arg in args) GC.KeepAlive(arg.Reference);
    }

    private static long* Write(in Arg arg, NativeValue* value, long* cells)
    {
        value->Tag = arg.Tag;
        value->Count = 0;
        value->Int = arg.Bits;
        switch (arg.Reference)
        {
            case null:
                return cells;
            case Tensor tensor:
                value->Pointer = tensor.Handle;
                return cells;
            case Generator generator:
                value->Pointer = generator.Handle;
                return cells;
            case long[] list:
                list.CopyTo(new Span<long>(cells, list.Length));
                return PointAt(value, list.Length, cells);
            case double[] list:
                list.CopyTo(new Span<double>(cells, list.Length));
                return PointAt(value, list.Length, cells);
            case Tensor?[] list:
                for (var k = 0; k < list.Length; k++) cells[k] = list[k]?.Handle ?? IntPtr.Zero;
                return PointAt(value, list.Length, cells);
            case string text:
                Encoding.ASCII.GetBytes(text, new Span<byte>(cells, text.Length));
                PointAt(value, text.Length, cells);
                return cells + (text.Length + 7) / 8;
            default:
                throw new InvalidOperationException($"No way to pass a {arg.Reference.GetType()}.");
        }
    }

    private static long* PointAt(NativeValue* value, int count, long* cells)
    {
        value->Count = count;
        value->Pointer = (IntPtr)cells;
        return cells + count;
    }

    private static IntPtr Find(string name) => Handles.TryGetValue(name, out var handle) ? handle : Resolve(name);

    private static IntPtr Resolve(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var (op, overload) = dot < 0 ? (name, "") : (name[..dot], name[(dot + 1)..]);
        Check(NativeMethods.find_operator(op.Contains("::", StringComparison.Ordinal) ? op : "aten::" + op, overload, out var handle));
        Handles[name] = handle;
        return handle;
    }

    [InlineArray(16)]
    private struct ArgBuffer
    {
        private Arg first;
    }
}
