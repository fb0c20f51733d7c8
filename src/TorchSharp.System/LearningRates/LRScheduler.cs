namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Schedules of the learning rate: made after the optimizer, stepped after each of its steps (or epochs).</summary>
        public static partial class lr_scheduler
        {
            public abstract class LRScheduler
            {
                private protected readonly Optimizer optimizer;
                private protected readonly List<double> baseRates;
                private protected int lastEpoch;
                protected int _step_count;
                private readonly bool verbose;
                private List<double> lastRates;

                protected LRScheduler(Optimizer optimizer, int last_epoch = -1, bool verbose = false)
                {
                    ArgumentNullException.ThrowIfNull(optimizer);
                    this.optimizer = optimizer;
                    this.verbose = verbose;
                    lastEpoch = last_epoch;
                    baseRates = [.. optimizer.ParamGroups.Select(group => group.InitialLearningRate)];
                    lastRates = [.. Current];
                }

                private protected IEnumerable<double> Current => optimizer.ParamGroups.Select(group => group.LearningRate);

                public virtual void step() => step(null);

                /// <summary>Goes to the next epoch, or to the given one.</summary>
                public virtual void step(int? epoch)
                {
                    _step_count++;
                    lastEpoch = epoch ?? lastEpoch + 1;
                    List<double> rates = [.. epoch is null ? get_lr() : get_closed_form_lr()];
                    foreach (var (group, rate) in optimizer.ParamGroups.Zip(rates)) group.LearningRate = rate;
                    if (verbose && !rates.SequenceEqual(lastRates)) Console.WriteLine($"Adjusting learning rate to {string.Join(", ", rates)}");
                    lastRates = rates;
                }

                public IEnumerable<double> get_last_lr() => lastRates;

                protected virtual IEnumerable<double> get_lr() => Current;

                protected virtual IEnumerable<double> get_closed_form_lr() => get_lr();
            }
        }
    }
}
