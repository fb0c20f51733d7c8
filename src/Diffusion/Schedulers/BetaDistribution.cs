namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Quantiles of the beta distribution, for σ laid out along it.</summary>
internal static class BetaDistribution
{
    /// <summary>The x with I_x(a, b) = p, by bisection; x is exact to double precision.</summary>
    public static double Quantile(double p, double a, double b)
    {
        if (p is <= 0 or >= 1)
        {
            return p <= 0 ? 0 : 1;
        }

        double low = 0, high = 1;
        while (true)
        {
            double middle = low + ((high - low) / 2);
            if (middle <= low || middle >= high)
            {
                return middle;
            }

            (low, high) = Cumulative(middle, a, b) < p ? (middle, high) : (low, middle);
        }
    }

    /// <summary>I_x(a, b) by its continued fraction (DLMF 8.17.22), on the side where that converges fast.</summary>
    internal static double Cumulative(double x, double a, double b)
    {
        if (x > (a + 1) / (a + b + 2))
        {
            return 1 - Cumulative(1 - x, b, a);
        }

        double front = Math.Exp((a * Math.Log(x)) + (b * Math.Log(1 - x)) + LogGamma(a + b) - LogGamma(a) - LogGamma(b)) / a;
        double c = 1, d = 1 / (1 - ((a + b) * x / (a + 1))), fraction = d;
        for (int m = 1; m < 500; m++)
        {
            double even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = 1 / (1 + (even * d));
            c = 1 + (even / c);
            fraction *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 / (1 + (odd * d));
            c = 1 + (odd / c);
            fraction *= d * c;
            if (Math.Abs((d * c) - 1) < 1e-16)
            {
                break;
            }
        }

        return front * fraction;
    }

    /// <summary>ln Γ(x) for x &gt; 0: Stirling's series after lifting x above 10.</summary>
    private static double LogGamma(double x)
    {
        double lift = 0;
        for (; x < 10; x++)
        {
            lift += Math.Log(x);
        }

        double square = 1 / (x * x);
        double series = ((1.0 / 12) - (square * ((1.0 / 360) - (square * ((1.0 / 1260) - (square * ((1.0 / 1680) - (square / 1188)))))))) / x;
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + series - lift;
    }
}
