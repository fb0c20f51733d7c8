using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Transport;
using StableDiffusion.Storage.Hosting;
using StableDiffusion.Worker.Hosting;

var builder = Host.CreateApplicationBuilder(args);

builder.AddWorker();
builder.AddObjectStore();
builder.Services.AddOptions<RabbitMqOptions>().BindConfiguration(RabbitMqOptions.Section).ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddMassTransit(bus =>
{
    bus.AddWorkerConsumers();
    bus.UsingRabbitMq((context, rabbit) =>
    {
        rabbit.Host(context.GetRequiredService<IOptions<RabbitMqOptions>>().Value.Uri);
        rabbit.ConfigureEndpoints(context);
    });
});

await builder.Build().RunAsync();
