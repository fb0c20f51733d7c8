using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Contracts.Transport;

/// <summary>Where the broker is; section "RabbitMq".</summary>
public sealed class RabbitMqOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "RabbitMq";

    /// <summary>Silence after which broker and process give each other up. What the broker had given to a machine that lost its power, or to a process that
    /// was frozen, it gives to others then; the broker's own minute would be longer than work may lie about.</summary>
    public static TimeSpan Heartbeat { get; } = TimeSpan.FromSeconds(10);

    /// <summary>amqp:// (or amqps://) URI with user, password and virtual host: "amqp://guest:guest@127.0.0.1:5672/".</summary>
    [Required(ErrorMessage = "RabbitMq:Uri is not set; give the broker's URI, for example RabbitMq__Uri=amqp://guest:guest@127.0.0.1:5672/.")]
    public Uri? Uri { get; set; }
}
