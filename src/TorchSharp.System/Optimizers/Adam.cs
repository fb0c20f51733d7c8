using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            public static Adam Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
                double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            public static Adam Adam(IEnumerable<(string name, Parameter parameter)> parameters, double lr = 1e-3, double beta1 = 0.9,
                double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters.Select(named => named.parameter), lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            public static Adam Adam(IEnumerable<Adam.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
                double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Adam (Kingma &amp; Ba, 2015); weight decay is added to the gradient.</summary>
    public class Adam : OptimizerHelper, IBetas
    {
        public Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
            double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }

        public Adam(IEnumerable<ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
            double weight_decay = 0, bool amsgrad = false, bool maximize = false)
        {
            if (lr < 0) throw new ArgumentException($"Invalid learning rate: {lr}", nameof(lr));
            if (beta1 is < 0 or >= 1) throw new ArgumentException($"Invalid beta1: {beta1}", nameof(beta1));
            if (beta2 is < 0 or >= 1) throw new ArgumentException($"Invalid beta2: {beta2}", nameof(beta2));
            if (eps < 0) throw new ArgumentException($"Invalid eps: {eps}", nameof(eps));
            if (weight_decay < 0) throw new ArgumentException($"Invalid weight_decay value: {weight_decay}", nameof(weight_decay));
            _defaults = new Options
            {
                LearningRate = lr, InitialLearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps,
                weight_decay = weight_decay, amsgrad = amsgrad, maximize = maximize,
            };
            foreach (var group in parameters) add_param_group(group);
        }

        public (double, double) Betas
        {
            get => (Defaults.beta1!.Value, Defaults.beta2!.Value);
            set => (Defaults.beta1, Defaults.beta2) = value;
        }

        private Options Defaults => (Options)_defaults!;

        public override void add_param_group(Modules.ParamGroup param_group)
        {
            var options = (Options)(param_group.Options ??= new Options());
            options.LearningRate ??= Defaults.LearningRate;
            options.beta1 ??= Defaults.beta1;
            options.beta2 ??= Defaults.beta2;
            options.eps ??= Defaults.eps;
            options.weight_decay ??= Defaults.weight_decay;
            options.amsgrad ??= Defaults.amsgrad;
            options.maximize ??= Defaults.maximize;
            Add(param_group, options, parameter => new State(parameter));
        }

        public override Tensor? step(Func<Tensor>? closure = null) => _step<ParamGroup>(group =>
        {
            var options = group.Options!;
            var settings = new AdamStep(options.LearningRate!.Value, options.beta1!.Value, options.beta2!.Value, options.eps!.Value,
                options.weight_decay!.Value, DecoupledDecay: false, options.maximize!.Value);
            // Parameters that sat out a step have their own count, so they are stepped apart.
            foreach (var sameAge in WithGradients<State>(group).GroupBy(member => ++member.state.step))
            {
                settings.Apply(sameAge.Key,
                    [.. sameAge.Select(member => member.parameter)], [.. sameAge.Select(member => member.grad)],
                    [.. sameAge.Select(member => member.state.exp_avg)], [.. sameAge.Select(member => member.state.exp_avg_sq)],
                    options.amsgrad!.Value ? [.. sameAge.Select(member => member.state.max_exp_avg_sq!)] : null);
            }
        }, closure);

        public class Options : OptimizerOptions
        {
            public double? beta1;
            public double? beta2;
            public double? eps;
            public double? weight_decay;
            public bool? amsgrad;
            public bool? maximize;

            public override void LoadStateDict(OptimizerOptions source)
            {
                base.LoadStateDict(source);
                var other = (Options)source;
                (beta1, beta2, eps) = (other.beta1, other.beta2, other.eps);
                (weight_decay, amsgrad, maximize) = (other.weight_decay, other.amsgrad, other.maximize);
            }
        }

        public class ParamGroup : ParamGroup<Options>, IBetas
        {
            public ParamGroup() { }

            public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options) { }

            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
                double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
                : base(parameters, new Options
                {
                    LearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, weight_decay = weight_decay,
                    amsgrad = amsgrad, maximize = maximize,
                })
            {
            }

            public (double, double) Betas
            {
                get => (Options!.beta1!.Value, Options.beta2!.Value);
                set => (Options!.beta1, Options.beta2) = value;
            }
        }

        public sealed class State(Parameter parameter) : OptimizerState(parameter), IDisposable
        {
            /// <summary>How many steps the parameter has taken.</summary>
            public long step;

            /// <summary>The running mean of the gradient.</summary>
            public Tensor exp_avg = null!;

            /// <summary>The running mean of the gradient's square.</summary>
            public Tensor exp_avg_sq = null!;

            /// <summary>The largest <see cref="exp_avg_sq"/> so far, with amsgrad only.</summary>
            public Tensor? max_exp_avg_sq;

            public override void Initialize(OptimizerOptions options)
            {
                Dispose();
                step = 0;
                exp_avg = Zeros();
                exp_avg_sq = Zeros();
                max_exp_avg_sq = ((Options)options).amsgrad!.Value ? Zeros() : null;
            }

            public override void LoadStateDict(OptimizerState source)
            {
                var other = (State)source;
                step = other.step;
                Replace(ref exp_avg!, other.exp_avg, _parameter.device);
                Replace(ref exp_avg_sq!, other.exp_avg_sq, _parameter.device);
                Replace(ref max_exp_avg_sq, other.max_exp_avg_sq, _parameter.device);
            }

            public override void to(Device device)
            {
                Replace(ref exp_avg!, exp_avg, device);
                Replace(ref exp_avg_sq!, exp_avg_sq, device);
                Replace(ref max_exp_avg_sq, max_exp_avg_sq, device);
            }

            public void Dispose()
            {
                exp_avg?.Dispose();
                exp_avg_sq?.Dispose();
                max_exp_avg_sq?.Dispose();
            }
        }
    }
}
