using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Transport;
using StableDiffusion.Storage.Hosting;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Farm.Trials;

/// <summary>The worker as it is, but for its renderer. Lives here so that the worker itself has no switch for it.</summary>
internal static class FreeWorker
{
    /// <summary>Setting of how long an image takes.</summary>
    public const string Delay = "FreeRenderer:Delay";

    /// <summary>A host of it, not yet started.</summary>
    /// <param name="settings">As its process would read them from the environment; what is set there already counts as well.</param>
    /// <param name="started">Told of each image whose turn has come.</param>
    public static IHost Build(IReadOnlyDictionary<string, string> settings, Action<ImageSettings>? started = null)
    {
        var builder = Host.CreateApplicationBuilder([HostArguments.ReadSettingsOnce]);
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value)));
        var delay = builder.Configuration.GetValue(Delay, TimeSpan.Zero);
        builder.Services.AddSingleton<IRenderer>(new FreeRenderer(delay, started));
        builder.AddWorker();
        builder.AddObjectStore();
        builder.Services.AddOptions<RabbitMqOptions>().BindConfiguration(RabbitMqOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddWorkerRabbitMq(provider => provider.GetRequiredService<IOptions<RabbitMqOptions>>().Value.Uri!);
        return builder.Build();
    }
}
