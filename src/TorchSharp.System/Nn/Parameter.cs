using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>
    /// A tensor that a module learns. It takes over the tensor that it is made of, which must not be used after, and that
    /// tensor's place in its dispose scope; the built-in modules take theirs out of the scope.
    /// </summary>
    public class Parameter : Tensor
    {
        public Parameter(Tensor data, bool requires_grad = true) : this(data, data.OwningDisposeScope, requires_grad)
        {
        }

        private Parameter(Tensor data, DisposeScope? scope, bool requires_grad) : base(Take(data, requires_grad), scope)
        {
        }

        private static IntPtr Take(Tensor data, bool requires_grad)
        {
            data.requires_grad = requires_grad;
            return data.DecoupleFromNativeHandle();
        }
    }
}
