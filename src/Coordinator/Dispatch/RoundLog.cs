namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>Says once that rounds fail and once that they work again, however many fail in between.</summary>
internal sealed partial class RoundLog(ILogger logger)
{
    private string? trouble;

    /// <summary>A round failed; logged unless the one before failed like it. A database that is away has many words for it.</summary>
    public void Failed(Exception exception, TimeSpan interval)
    {
        var away = ReportRetries.IsDatabaseAway(exception);
        var now = away ? "the database is away" : exception.Message;
        if (now != trouble)
        {
            trouble = now;
            LogFailed(away ? null : exception, away ? $"{now}: {(exception.InnerException ?? exception).Message}" : now, interval);
        }
    }

    /// <summary>A round ended well.</summary>
    public void Worked()
    {
        if (trouble is not null)
        {
            trouble = null;
            LogWorks();
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Dispatch rounds fail, and are tried again every {Interval}: {Reason}")]
    private partial void LogFailed(Exception? exception, string reason, TimeSpan interval);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dispatch rounds work again")]
    private partial void LogWorks();
}
