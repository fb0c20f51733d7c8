using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Copies, fills and random fills.</content>
    public partial class Tensor
    {
        public Tensor clone() => Op.Call("clone", this);
        public Tensor detach() => Op.Call("detach", this);
        public Tensor detach_() => Op.CallInPlace("detach_", this);
        public Tensor copy_(Tensor source, bool nonBlocking = false) => Op.CallInPlace("copy_", this, source, nonBlocking);
        public Tensor fill_(Scalar value) => Op.CallInPlace("fill_.Scalar", this, value);
        public Tensor zero_() => Op.CallInPlace("zero_", this);
        public Tensor normal_(double mean = 0.0, double std = 1.0, Generator? generator = null) => Op.CallInPlace("normal_", this, mean, std, generator);
        public Tensor uniform_(double from, double to, Generator? generator = null) => Op.CallInPlace("uniform_", this, from, to, generator);
        public Tensor random_(double from, double to, Generator? generator = null) => Op.CallInPlace("random_.from", this, (long)from, (long)to, generator);
        public Tensor exponential_(double lambda = 1.0, Generator? generator = null) => Op.CallInPlace("exponential_", this, lambda, generator);
        public Tensor bernoulli(Generator? generator = null) => Op.Call("bernoulli", this, generator);
        public Tensor bernoulli_(double p = 0.5, Generator? generator = null) => Op.CallInPlace("bernoulli_.float", this, p, generator);
        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) => Op.Call("multinomial", this, num_samples, replacement, generator);
        public Tensor poisson(Generator? generator = null) => Op.Call("poisson", this, generator);
    }
}
