using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A source of random numbers of its own. The global one, <see cref="Default"/>, is what operators use without one.</summary>
    public class Generator : IDisposable
    {
        private IntPtr handle;

        /// <summary>A generator on the device (the CPU where none is given) that starts from the seed.</summary>
        public Generator(ulong seed = 0, Device? device = null)
        {
            this.device = device ?? CPU;
            Op.Check(NativeMethods.new_generator(seed, this.device.Packed, out handle));
        }

        private Generator(IntPtr handle)
        {
            this.handle = handle;
            device = CPU;
        }

        ~Generator() => Dispose(false);

        /// <summary>The CPU's global generator.</summary>
        public static Generator Default
        {
            get
            {
                Op.Check(NativeMethods.default_generator(CPU.Packed, out var handle));
                return new Generator(handle);
            }
        }

        public Device device { get; }

        /// <exception cref="ObjectDisposedException">The generator was disposed of.</exception>
        public IntPtr Handle
        {
            get
            {
                ObjectDisposedException.ThrowIf(handle == IntPtr.Zero, this);
                return handle;
            }
        }

        /// <summary>Starts again from the seed.</summary>
        public Generator manual_seed(long seed)
        {
            Op.Check(NativeMethods.generator_set_seed(Handle, (ulong)seed));
            GC.KeepAlive(this);
            return this;
        }

        /// <summary>Starts again from a seed that the system's entropy gave, and tells it.</summary>
        public long seed()
        {
            Op.Check(NativeMethods.generator_seed(Handle, out var seed));
            GC.KeepAlive(this);
            return seed;
        }

        public long initial_seed()
        {
            var seed = NativeMethods.generator_initial_seed(Handle);
            GC.KeepAlive(this);
            return seed;
        }

        /// <summary>The state as a tensor of bytes on the CPU.</summary>
        public Tensor get_state()
        {
            Op.Check(NativeMethods.generator_state(Handle, out var state));
            GC.KeepAlive(this);
            return new Tensor(state);
        }

        public void set_state(Tensor value)
        {
            ArgumentNullException.ThrowIfNull(value);
            Op.Check(NativeMethods.generator_set_state(Handle, value.Handle));
            GC.KeepAlive((this, value));
        }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            var freed = Interlocked.Exchange(ref handle, IntPtr.Zero);
            if (freed != IntPtr.Zero) NativeMethods.free_generator(freed);
        }
    }

    /// <summary>Seeds the global generators of all devices.</summary>
    public static Generator manual_seed(long seed)
    {
        Op.Check(NativeMethods.manual_seed(seed));
        return Generator.Default;
    }

    public static long initial_seed() => Generator.Default.initial_seed();

    public static Tensor get_rng_state() => Generator.Default.get_state();

    public static void set_rng_state(Tensor new_state) => Generator.Default.set_state(new_state);
}
