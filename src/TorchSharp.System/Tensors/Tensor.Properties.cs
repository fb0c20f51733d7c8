using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public long Dimensions => dim();

        public long ndim => dim();

        public long NumberOfElements => numel();

        public long ElementSize => element_size();

        public unsafe long[] shape
        {
            get
            {
                var sizes = new long[dim()];
                fixed (long* first = sizes) Op.Check(NativeMethods.tensor_sizes(Handle, first));
                GC.KeepAlive(this);
                return sizes;
            }
        }

        public ScalarType dtype => Ask(static handle => (ScalarType)NativeMethods.tensor_dtype(handle));

        public Device device => Device.Unpack(Ask(NativeMethods.tensor_device));

        public DeviceType device_type => device.type;

        public int device_index => device.index;

        public bool is_cuda => device_type == DeviceType.CUDA;

        public bool is_meta => device_type == DeviceType.META;

        public bool is_sparse => Ask(NativeMethods.tensor_is_sparse) != 0;

        public bool is_leaf => Ask(NativeMethods.tensor_is_leaf) != 0;

        public bool requires_grad
        {
            get => Ask(NativeMethods.tensor_requires_grad) != 0;
            set => Op.Check(Ask(handle => NativeMethods.tensor_set_requires_grad(handle, value ? 1 : 0)));
        }

        /// <summary>The gradient that backward summed up, null before the first. Each reading makes a new tensor object.</summary>
        public Tensor? grad
        {
            get
            {
                Op.Check(NativeMethods.tensor_grad(Handle, out var gradient));
                GC.KeepAlive(this);
                return gradient == IntPtr.Zero ? null : new Tensor(gradient);
            }
            set
            {
                Op.Check(NativeMethods.tensor_set_grad(Handle, value?.Handle ?? IntPtr.Zero));
                GC.KeepAlive((this, value));
            }
        }

        public string? name { get; set; }

        public long dim() => Ask(NativeMethods.tensor_dim);

        public long numel() => Ask(NativeMethods.tensor_numel);

        public long element_size() => ElementTypes.Size(dtype);

        public long[] size() => shape;

        /// <param name="dim">May count from the end, as -1.</param>
        public long size(int dim)
        {
            var sizes = shape;
            return sizes[Wrap(dim, sizes.Length)];
        }

        public unsafe long[] stride()
        {
            var strides = new long[dim()];
            fixed (long* first = strides) Op.Check(NativeMethods.tensor_strides(Handle, first));
            GC.KeepAlive(this);
            return strides;
        }

        public long stride(int dim)
        {
            var strides = stride();
            return strides[Wrap(dim, strides.Length)];
        }

        public bool is_contiguous()
        {
            Op.Check(NativeMethods.tensor_is_contiguous(Handle, out var result));
            GC.KeepAlive(this);
            return result != 0;
        }

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_floating_point() => torch.is_floating_point(dtype);

        public bool is_integral() => torch.is_integral(dtype);

        public bool is_complex() => torch.is_complex(dtype);

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        /// <summary>Asks the native tensor, which no garbage collection frees meanwhile.</summary>
        private T Ask<T>(Func<IntPtr, T> question)
        {
            var answer = question(Handle);
            GC.KeepAlive(this);
            return answer;
        }

        private static int Wrap(int dim, int dims) => dim < 0 ? dim + dims : dim;
    }

    public static long numel(Tensor input) => input.numel();

    public static bool is_floating_point(Tensor input) => input.is_floating_point();

    public static bool is_integral(Tensor t) => t.is_integral();

    public static bool is_complex(Tensor input) => input.is_complex();
}
