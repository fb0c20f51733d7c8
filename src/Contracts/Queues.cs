namespace StableDiffusion.Contracts;

/// <summary>Names of the queues that coordinator and workers must agree on.</summary>
public static class Queues
{
    /// <summary>The queue of render commands for one model: "render.starter".</summary>
    public static string Render(string model) => $"render.{model}";
}
