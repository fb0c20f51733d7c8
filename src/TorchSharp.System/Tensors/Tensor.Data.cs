using System.Runtime.InteropServices;
using TorchSharp.Native;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The elements of a contiguous tensor on the CPU as raw memory, which lives as long as the tensor.</summary>
        /// <exception cref="NotImplementedException">The tensor is not contiguous.</exception>
        /// <exception cref="InvalidOperationException">The tensor is not on the CPU.</exception>
        public unsafe Span<byte> bytes
        {
            get
            {
                if (!is_contiguous()) throw new NotImplementedException("Bytes() called on non-contiguous tensor.");
                return new Span<byte>((void*)DataPointer(), checked((int)(numel() * element_size())));
            }

            set
            {
                var own = bytes;
                if (value.Length != own.Length)
                    throw new ArgumentException($"The tensor holds {own.Length} bytes; {value.Length} were given.", nameof(value));
                value.CopyTo(own);
            }
        }

        /// <summary>The elements of a tensor on the CPU, in logical order whatever its strides.</summary>
        /// <exception cref="InvalidOperationException">The tensor is not on the CPU.</exception>
        /// <exception cref="ArgumentException">Its elements are of another type.</exception>
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            if (device_type != DeviceType.CPU)
                throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
            var type = dtype;
            if (ElementTypes.Of<T>() != type) throw new ArgumentException($"{typeof(T).Name} is not compatible with {type}");
            return new TensorAccessor<T>(this);
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

        /// <summary>Writes the elements' bytes in logical order, as the machine holds them.</summary>
        public void WriteBytesToStream(Stream stream, int bufferSize = 1024)
        {
            ArgumentNullException.ThrowIfNull(stream);
            using var plain = OnCpuContiguous();
            var memory = plain.bytes;
            for (var at = 0; at < memory.Length; at += bufferSize) stream.Write(memory.Slice(at, Math.Min(bufferSize, memory.Length - at)));
        }

        /// <summary>Fills the tensor with bytes as <see cref="WriteBytesToStream"/> wrote them.</summary>
        /// <exception cref="EndOfStreamException">The stream holds fewer.</exception>
        public void ReadBytesFromStream(Stream stream, int bufferSize = 1024)
        {
            ArgumentNullException.ThrowIfNull(stream);
            if (is_cpu() && is_contiguous())
            {
                stream.ReadExactly(bytes);
                return;
            }
            using var plain = OnCpuContiguous();
            stream.ReadExactly(plain.bytes);
            copy_(plain);
        }

        internal IntPtr DataPointer()
        {
            if (device_type != DeviceType.CPU)
                throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
            Op.Check(NativeMethods.tensor_data(Handle, out var data));
            return data;
        }

        internal Span<T> Elements<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes);

        private Tensor OnCpuContiguous()
        {
            using var local = Op.Call("to.dtype_layout", this, Arg.Default, Arg.Default, CPU);
            return Op.Call("contiguous", local);
        }
    }
}
