namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Fields that the solvers of high order share.</summary>
internal static class SolverConfig
{
    private static readonly string[] Flows = ["use_flow_sigmas", "use_dynamic_shifting"];

    /// <summary>solver_order, 2 by default.</summary>
    public static int ReadOrder(SchedulerConfig config, int most)
    {
        int order = config.Whole("solver_order", 2, least: 1);
        return order <= most ? order : throw config.Unsupported("solver_order", $"1 … {most}");
    }

    /// <summary>Whether the run ends without any noise (final_sigmas_type), or at the least that training had.</summary>
    public static bool ReadFinalSigmaZero(SchedulerConfig config) => config.Choice("final_sigmas_type", "zero", "zero", "sigma_min") == "zero";

    /// <summary>Flow matching and learned variances are other models', not Stable Diffusion 1, 2 and XL's.</summary>
    /// <exception cref="Networks.Configs.UnsupportedConfigException">The config asks for them.</exception>
    public static void RefuseFlows(SchedulerConfig config)
    {
        foreach (string field in Flows.Where(field => config.Flag(field, false)))
        {
            throw config.Unsupported(field, "false; models of flow matching are not built");
        }

        if (config.Word("variance_type", "") is "learned" or "learned_range")
        {
            throw config.Unsupported("variance_type", "null; networks that predict their variance are not built");
        }
    }
}
