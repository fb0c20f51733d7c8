using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace StableDiffusion.Coordinator.Tests.Hosting;

/// <summary>What was logged.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Line)> all = [];

    public IEnumerable<string> Lines => all.Select(logged => logged.Line);

    /// <summary>What somebody should look after.</summary>
    public IEnumerable<string> Errors => all.Where(logged => logged.Level >= LogLevel.Error).Select(logged => logged.Line);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        all.Enqueue((logLevel, formatter(state, exception)));

    public void Dispose()
    {
    }
}
