using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Transport;
using StableDiffusion.Storage.Hosting;
using StableDiffusion.Worker.Hosting;

var builder = Host.CreateApplicationBuilder([HostArguments.ReadSettingsOnce, .. args]);

builder.AddWorker();
builder.AddObjectStore();
builder.Services.AddOptions<RabbitMqOptions>().BindConfiguration(RabbitMqOptions.Section).ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddWorkerRabbitMq(provider => provider.GetRequiredService<IOptions<RabbitMqOptions>>().Value.Uri!);

await builder.Build().RunAsync();
