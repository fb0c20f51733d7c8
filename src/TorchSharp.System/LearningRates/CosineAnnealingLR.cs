namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            /// <summary>Half a cosine from the initial rate down to eta_min over T_max steps (Loshchilov &amp; Hutter, 2017, without restarts).</summary>
            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false) =>
                new impl.CosineAnnealingLR(optimizer, T_max, eta_min, last_epoch, verbose);

            public static partial class impl
            {
                public class CosineAnnealingLR : LRScheduler
                {
                    private readonly double period;
                    private readonly double lowest;

                    public CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        (period, lowest) = (T_max, eta_min);
                        step();
                    }

                    protected override IEnumerable<double> get_lr()
                    {
                        if (lastEpoch == 0) return Current;
                        // At the lowest point the recurrence below divides by zero.
                        if ((lastEpoch - 1 - period) % (2 * period) == 0)
                            return Current.Zip(baseRates, (rate, start) => rate + (start - lowest) * (1 - Math.Cos(Math.PI / period)) / 2);
                        double shrink = (1 + Math.Cos(Math.PI * lastEpoch / period)) / (1 + Math.Cos(Math.PI * (lastEpoch - 1) / period));
                        return Current.Select(rate => shrink * (rate - lowest) + lowest);
                    }

                    protected override IEnumerable<double> get_closed_form_lr() =>
                        baseRates.Select(rate => lowest + (rate - lowest) * (1 + Math.Cos(Math.PI * lastEpoch / period)) / 2);
                }
            }
        }
    }
}
