using System.Runtime.InteropServices;
using TorchSharp.Native;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The elements of a contiguous tensor on the CPU as raw memory, which lives as long as the tensor.</summary>
        /// <exception cref="InvalidOperationException">The tensor is not contiguous or not on the CPU.</exception>
        /// <exception cref="ArgumentException">There are 2 GiB of it or more, too many for a span.</exception>
        public unsafe Span<byte> bytes
        {
            get
            {
                if (!is_contiguous()) throw new InvalidOperationException("The bytes of a tensor that is not contiguous are not in one piece.");
                var length = numel() * element_size();
                if (length > int.MaxValue) throw new ArgumentException($"The tensor's {length} bytes are more than a span can hold.");
                return new Span<byte>((void*)DataPointer(), (int)length);
            }

            set
            {
                var own = bytes;
                if (value.Length != own.Length)
                    throw new ArgumentException($"The tensor holds {own.Length} bytes; {value.Length} were given.", nameof(value));
                value.CopyTo(own);
            }
        }

        /// <summary>The elements in logical order whatever the strides; of a tensor on another device, those of a copy on the CPU.</summary>
        /// <exception cref="ArgumentException">Its elements are of another type.</exception>
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            var type = dtype;
            if (ElementTypes.Of<T>() != type) throw new ArgumentException($"{typeof(T).Name} is not compatible with {type}");
            return new TensorAccessor<T>(is_cpu() ? this : cpu());
        }

        /// <summary>The only element.</summary>
        /// <exception cref="ArgumentException">There is not exactly one, or it is of another type.</exception>
        public T item<T>() where T : unmanaged
        {
            if (numel() != 1) throw new ArgumentException($"Number of elements in the tensor must be 1; it is {numel()}.");
            if (is_cpu()) return data<T>()[new long[dim()]];
            using var local = Op.Call("to.dtype_layout", this, Arg.Default, Arg.Default, CPU);
            return local.item<T>();
        }

        public Scalar ToScalar() => dtype switch
        {
            ScalarType.Byte => item<byte>(),
            ScalarType.Int8 => item<sbyte>(),
            ScalarType.Int16 => item<short>(),
            ScalarType.Int32 => item<int>(),
            ScalarType.Int64 => item<long>(),
            ScalarType.Bool => item<bool>(),
            ScalarType.Float16 => item<Half>(),
            ScalarType.BFloat16 => item<BFloat16>(),
            ScalarType.Float32 => item<float>(),
            ScalarType.Float64 => item<double>(),
            var other => throw new NotSupportedException($"A {other} makes no Scalar."),
        };

        internal IntPtr DataPointer()
        {
            if (device_type != DeviceType.CPU)
                throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
            Op.Check(NativeMethods.tensor_data(Handle, out var data));
            return data;
        }

        internal Span<T> Elements<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes);
    }
}
