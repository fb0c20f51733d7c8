namespace TorchSharp;

/// <summary>Keeps each thread's stack of dispose scopes. They do not follow <c>await</c>.</summary>
public class DisposeScopeManager
{
    [ThreadStatic]
    private static DisposeScopeManager? forThread;

    private DisposeScopeManager()
    {
    }

    /// <summary>What became of this thread's tensors.</summary>
    public static ThreadDisposeScopeStatistics Statistics => ForThread.ThreadStatistics;

    internal static DisposeScopeManager ForThread => forThread ??= new DisposeScopeManager();

    internal ThreadDisposeScopeStatistics ThreadStatistics { get; } = new();

    internal DisposeScope? Current { get; set; }

    internal DisposeScope? Register(torch.Tensor tensor)
    {
        var statistics = ThreadStatistics.TensorStatistics;
        if (Current is null)
        {
            statistics.CreatedOutsideScopeCount++;
            return null;
        }
        statistics.CreatedInScopeCount++;
        Current.Add(tensor);
        return Current;
    }

    internal DisposeScope NewDisposeScope() => Current = new DisposeScope(this, Current);
}

public static partial class torch
{
    /// <summary>A scope that disposes of the tensors made in it on this thread, save those moved or detached.</summary>
    public static DisposeScope NewDisposeScope() => DisposeScopeManager.ForThread.NewDisposeScope();

    /// <summary>This thread's innermost scope, null outside of any.</summary>
    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.ForThread.Current;

    /// <summary>Runs the expression in a scope of its own that only its result leaves.</summary>
    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        ArgumentNullException.ThrowIfNull(expr);
        using var scope = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }
}
