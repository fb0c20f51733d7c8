using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Copies, fills and random fills.</content>
    public partial class Tensor
    {
        public Tensor clone() => Op.Call("clone", this);
        public Tensor detach() => Op.Call("detach", this);
        public Tensor copy_(Tensor source, bool nonBlocking = false) => Op.CallInPlace("copy_", this, source, nonBlocking);
        public Tensor fill_(Scalar value) => Op.CallInPlace("fill_.Scalar", this, value);
        public Tensor normal_(double mean = 0.0, double std = 1.0, Generator? generator = null) => Op.CallInPlace("normal_", this, mean, std, generator);
        public Tensor uniform_(double from, double to, Generator? generator = null) => Op.CallInPlace("uniform_", this, from, to, generator);
    }
}
