using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// An n-dimensional array on a device. It holds native memory: the dispose scope that it was made in frees it, else whoever
    /// made it, at last the garbage collector. Used after that it throws <see cref="InvalidOperationException"/>.
    /// </summary>
    public partial class Tensor : IDisposable
    {
        private static long totalCount;
        private static long peakCount;

        private IntPtr handle;

        /// <summary>Takes over a handle that the shim gave.</summary>
        internal Tensor(IntPtr handle) : this(handle, null) =>
            OwningDisposeScope = DisposeScopeManager.ForThread.Register(this);

        /// <summary>Takes over a handle that another object had, in <paramref name="scope"/>: no new tensor for the statistics.</summary>
        internal Tensor(IntPtr handle, DisposeScope? scope)
        {
            if (handle == IntPtr.Zero) return;
            this.handle = handle;
            OwningDisposeScope = scope;
            scope?.Add(this);
            var count = Interlocked.Increment(ref totalCount);
            for (var peak = Volatile.Read(ref peakCount); count > peak; peak = Volatile.Read(ref peakCount))
            {
                if (Interlocked.CompareExchange(ref peakCount, count, peak) == peak) break;
            }
        }

        ~Tensor() => Dispose(false);

        /// <summary>How many tensors hold native memory now.</summary>
        public static long TotalCount => Interlocked.Read(ref totalCount);

        /// <summary>The most tensors that ever held native memory at once.</summary>
        public static long PeakCount => Interlocked.Read(ref peakCount);

        /// <exception cref="InvalidOperationException">The tensor was disposed of.</exception>
        public IntPtr Handle => handle != IntPtr.Zero
            ? handle
            : throw new InvalidOperationException("Tensor invalid -- empty handle: it was disposed of, by hand or with its dispose scope.");

        /// <summary>Whether the tensor was disposed of.</summary>
        public bool IsInvalid => handle == IntPtr.Zero;

        internal DisposeScope? OwningDisposeScope { get; set; }

        public void Dispose()
        {
            OwningDisposeScope?.MarkAsDisposed(this);
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            var freed = Interlocked.Exchange(ref handle, IntPtr.Zero);
            if (freed == IntPtr.Zero) return;
            NativeMethods.tensor_free(freed);
            Interlocked.Decrement(ref totalCount);
            if (!disposing) return;
            var statistics = DisposeScopeManager.ForThread.ThreadStatistics.TensorStatistics;
            if (OwningDisposeScope is null) statistics.DisposedOutsideScopeCount++;
            else statistics.DisposedInScopeCount++;
            OwningDisposeScope = null;
        }

        /// <summary>Gives the native tensor to the caller; this object is then as one disposed of.</summary>
        public IntPtr DecoupleFromNativeHandle()
        {
            var taken = Handle;
            OwningDisposeScope?.MarkAsDisposed(this);
            OwningDisposeScope = null;
            handle = IntPtr.Zero;
            GC.SuppressFinalize(this);
            Interlocked.Decrement(ref totalCount);
            return taken;
        }

        /// <summary>Hands the tensor to the scope around the one it is in.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        /// <summary>Hands the tensor to the scope that the other one is in.</summary>
        public Tensor MoveToOtherDisposeScope(Tensor other)
        {
            ArgumentNullException.ThrowIfNull(other);
            return MoveToOtherDisposeScope(other.OwningDisposeScope);
        }

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is null) other?.Attach(this);
            else OwningDisposeScope.MoveToOther(other, this);
            return this;
        }

        /// <summary>Takes the tensor out of its scope: the caller disposes of it.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        /// <summary>Another object for the same tensor, with a life of its own.</summary>
        public Tensor alias() => new(Ask(NativeMethods.tensor_share));

        public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

        /// <summary>Whether both have the same shape and elements.</summary>
        public bool Equals(Tensor target) => target is not null && Op.CallBool("equal", this, target);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }
}
