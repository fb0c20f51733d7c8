using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;
using StableDiffusion.Coordinator.Dispatch;

namespace StableDiffusion.Coordinator.Tests.Dispatch;

public sealed class RoundLogTests
{
    private readonly Lines lines = new();

    [Fact]
    public void An_outage_of_the_database_is_two_lines_without_a_trace()
    {
        var log = new RoundLog(lines);
        log.Worked();
        log.Failed(new NpgsqlException("Failed to connect", new SocketException((int)SocketError.ConnectionRefused)), TimeSpan.FromSeconds(1));
        log.Failed(new PostgresException("terminating connection", "FATAL", "FATAL", PostgresErrorCodes.AdminShutdown), TimeSpan.FromSeconds(1));
        log.Failed(new NpgsqlException("Failed to connect", new SocketException((int)SocketError.ConnectionRefused)), TimeSpan.FromSeconds(1));
        log.Worked();
        log.Worked();
        Assert.Equal([(LogLevel.Error, null), (LogLevel.Information, null)], lines.All.Select(line => (line.Level, line.Exception)));
        Assert.Contains("the database is away", lines.All[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_failure_is_told_with_its_trace_each_time_it_begins()
    {
        var log = new RoundLog(lines);
        InvalidOperationException first = new("first"), second = new("second");
        foreach (var failure in new[] { first, first, second, first })
        {
            log.Failed(failure, TimeSpan.FromSeconds(1));
        }

        Assert.Equal([first, second, first], lines.All.Select(line => line.Exception));
    }

    private sealed class Lines : ILogger
    {
        public List<(LogLevel Level, string Text, Exception? Exception)> All { get; } = [];

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Add((logLevel, formatter(state, exception), exception));

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
