using MassTransit;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Transport;
using StableDiffusion.Coordinator;
using StableDiffusion.Storage.Hosting;

var builder = WebApplication.CreateBuilder([HostArguments.ReadSettingsOnce, .. args]);
builder.AddCoordinator();
builder.AddObjectStore();
builder.Services.AddOptions<RabbitMqOptions>().BindConfiguration(RabbitMqOptions.Section).ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddMassTransit(bus =>
{
    bus.AddCoordinatorConsumers();
    bus.UsingRabbitMq((context, rabbit) =>
    {
        rabbit.Host(context.GetRequiredService<IOptions<RabbitMqOptions>>().Value.Uri, host => host.Heartbeat(RabbitMqOptions.Heartbeat));
        rabbit.ConfigureJsonSerializerOptions(json =>
        {
            json.WriteIndented = false; // nobody reads them as they fly
            return json;
        });
        rabbit.ConfigureEndpoints(context);
    });
});

var app = builder.Build();
app.MapCoordinator();
StartLog.Write(app.Logger);
app.Run();
