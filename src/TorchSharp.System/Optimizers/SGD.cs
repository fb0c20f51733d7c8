using TorchSharp.Modules;
using TorchSharp.Native;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            public static SGD SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0, double dampening = 0,
                double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            public static SGD SGD(IEnumerable<SGD.ParamGroup> parameters, double learningRate, double momentum = 0.0, double dampening = 0,
                double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Stochastic gradient descent, with momentum where asked.</summary>
    public class SGD : OptimizerHelper, IMomentum
    {
        public SGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0.0, double dampening = 0, double weight_decay = 0,
            bool nesterov = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, momentum, dampening, weight_decay, nesterov, maximize)
        {
        }

        public SGD(IEnumerable<ParamGroup> parameters, double lr, double momentum = 0.0, double dampening = 0, double weight_decay = 0,
            bool nesterov = false, bool maximize = false)
        {
            if (lr < 0) throw new ArgumentException($"Invalid learning rate: {lr}", nameof(lr));
            if (momentum < 0) throw new ArgumentException($"Invalid momentum value: {momentum}", nameof(momentum));
            if (weight_decay < 0) throw new ArgumentException($"Invalid weight_decay value: {weight_decay}", nameof(weight_decay));
            if (nesterov && (momentum <= 0 || dampening != 0))
                throw new ArgumentException("Nesterov momentum requires a momentum and zero dampening", nameof(nesterov));
            _defaults = new Options
            {
                LearningRate = lr, InitialLearningRate = lr, momentum = momentum, dampening = dampening,
                weight_decay = weight_decay, nesterov = nesterov, maximize = maximize,
            };
            foreach (var group in parameters) add_param_group(group);
        }

        public double Momentum { get => Defaults.momentum!.Value; set => Defaults.momentum = value; }

        private Options Defaults => (Options)_defaults!;

        public override void add_param_group(Modules.ParamGroup param_group)
        {
            var options = (Options)(param_group.Options ??= new Options());
            options.LearningRate ??= Defaults.LearningRate;
            options.momentum ??= Defaults.momentum;
            options.dampening ??= Defaults.dampening;
            options.weight_decay ??= Defaults.weight_decay;
            options.nesterov ??= Defaults.nesterov;
            options.maximize ??= Defaults.maximize;
            Add(param_group, options, parameter => new State(parameter));
        }

        public override Tensor? step(Func<Tensor>? closure = null) => _step<ParamGroup>(group =>
        {
            var options = group.Options!;
            double momentum = options.momentum!.Value, rate = options.LearningRate!.Value;
            foreach (var (parameter, gradient, state) in WithGradients<State>(group))
            {
                var grad = options.maximize!.Value ? gradient.neg() : gradient;
                if (options.weight_decay is { } decay and not 0) grad = Op.Call("add.Tensor", grad, parameter, decay);
                if (momentum != 0)
                {
                    var buffer = state.Accumulate(grad, momentum, 1 - options.dampening!.Value);
                    grad = options.nesterov!.Value ? Op.Call("add.Tensor", grad, buffer, momentum) : buffer;
                }
                Op.CallInPlace("add_.Tensor", parameter, grad, -rate);
            }
        }, closure);

        public class Options : OptimizerOptions
        {
            public double? momentum;
            public double? dampening;
            public double? weight_decay;
            public bool? nesterov;
            public bool? maximize;

            public override void LoadStateDict(OptimizerOptions source)
            {
                base.LoadStateDict(source);
                var other = (Options)source;
                (momentum, dampening, weight_decay) = (other.momentum, other.dampening, other.weight_decay);
                (nesterov, maximize) = (other.nesterov, other.maximize);
            }
        }

        public class ParamGroup : ParamGroup<Options>, IMomentum
        {
            public ParamGroup() { }

            public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options) { }

            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double momentum = 0.0, double dampening = 0,
                double weight_decay = 0, bool nesterov = false, bool maximize = false)
                : base(parameters, new Options
                {
                    LearningRate = lr, momentum = momentum, dampening = dampening, weight_decay = weight_decay,
                    nesterov = nesterov, maximize = maximize,
                })
            {
            }

            public double Momentum { get => Options!.momentum!.Value; set => Options!.momentum = value; }
        }

        public sealed class State(Parameter parameter) : OptimizerState(parameter), IDisposable
        {
            /// <summary>The running sum of gradients; null before the first step with momentum.</summary>
            public Tensor? momentum_buffer;

            internal Tensor Accumulate(Tensor grad, double momentum, double weight)
            {
                if (momentum_buffer is null) return momentum_buffer = grad.clone().DetachFromDisposeScope();
                return Op.CallInPlace("add_.Tensor", Op.CallInPlace("mul_.Scalar", momentum_buffer, momentum), grad, weight);
            }

            public override void Initialize(OptimizerOptions options)
            {
                momentum_buffer?.Dispose();
                momentum_buffer = null;
            }

            public override void LoadStateDict(OptimizerState source) =>
                Replace(ref momentum_buffer, ((State)source).momentum_buffer, _parameter.device);

            public override void to(Device device) => Replace(ref momentum_buffer, momentum_buffer, device);

            public void Dispose() => momentum_buffer?.Dispose();
        }
    }
}
