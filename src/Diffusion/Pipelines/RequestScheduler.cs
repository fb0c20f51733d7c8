using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>The scheduler that a request asks for, or else the model's own.</summary>
internal static class RequestScheduler
{
    /// <summary>A new one, with a pass's times laid out.</summary>
    /// <exception cref="ArgumentException">There is none to take, or it cannot do so many steps; the message names the field.</exception>
    /// <exception cref="NotSupportedException">It is not built.</exception>
    /// <exception cref="InvalidModelException">Its configuration is not valid.</exception>
    public static IScheduler Create(GenerationRequest request, StableDiffusionModel model, Pass pass)
    {
        var config = Config(request, model);
        string className = request.Scheduler ?? config.ClassName
            ?? throw new ArgumentException("scheduler: the model's scheduler_config.json has no _class_name; name a scheduler in the request.", nameof(request));
        var scheduler = SchedulerFactory.Create(className, config);
        try
        {
            scheduler.SetTimesteps(pass.NumInferenceSteps);
            return scheduler;
        }
        catch (ArgumentOutOfRangeException error)
        {
            scheduler.Dispose();
            throw new ArgumentException($"num_inference_steps: {className} cannot do {pass.NumInferenceSteps} steps with this model. {error.Message}", nameof(request), error);
        }
    }

    /// <summary>Times that the model was trained at.</summary>
    public static int TrainTimesteps(GenerationRequest request, StableDiffusionModel model) => Config(request, model).Whole("num_train_timesteps", 1000, least: 1);

    private static SchedulerConfig Config(GenerationRequest request, StableDiffusionModel model) =>
        request.SchedulerConfig ?? new SchedulerConfig(model.SchedulerConfig, "scheduler_config.json");
}
