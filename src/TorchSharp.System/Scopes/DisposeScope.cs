namespace TorchSharp;

/// <summary>Owns what was made in it on its thread and disposes of it when it ends.</summary>
public sealed class DisposeScope : IDisposable
{
    private readonly DisposeScopeManager manager;
    private HashSet<IDisposable> disposables = new(ReferenceEqualityComparer.Instance);

    internal DisposeScope(DisposeScopeManager manager, DisposeScope? outer)
    {
        this.manager = manager;
        Outer = outer;
    }

    internal DisposeScope? Outer { get; }

    public int DisposablesCount => disposables.Count;

    public IReadOnlyList<IDisposable> DisposablesView => disposables.ToList();

    public bool Contains(IDisposable disposable) => disposables.Contains(disposable);

    /// <summary>Hands the object to the scope around this one; where there is none, to the caller.</summary>
    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther<T>(Outer, disposable);

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOuter<T1>(first), MoveToOuter<T2>(second));

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (MoveToOuter<T1>(first), MoveToOuter<T2>(second), MoveToOuter<T3>(third));

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOuter((IEnumerable<IDisposable>)disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(Outer, disposables);

    /// <summary>Hands the object to another scope, or to the caller where <paramref name="scope"/> is null.</summary>
    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        Move(disposable, scope);
        return disposable;
    }

    public (T1 first, T2 second) MoveToOther<T1, T2>(DisposeScope? scope, T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOther<T1>(scope, first), MoveToOther<T2>(scope, second));

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) =>
        MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        ArgumentNullException.ThrowIfNull(disposables);
        foreach (var disposable in disposables) Move(disposable, scope);
    }

    /// <summary>Leaves the object to the caller.</summary>
    public T Detach<T>(T disposable) where T : IDisposable => MoveToOther<T>(null, disposable);

    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (Detach<T1>(first), Detach<T2>(second));

    public (T1 first, T2 second, T3 third) Detach<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (Detach<T1>(first), Detach<T2>(second), Detach<T3>(third));

    public void Detach(params IDisposable[] disposables) => Detach((IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables) => MoveToOther(null, disposables);

    /// <summary>Makes the object this scope's, taking it from the one it was in.</summary>
    public void Attach(IDisposable disposable)
    {
        if (disposable is torch.Tensor { OwningDisposeScope: { } owner })
        {
            owner.Move(disposable, this);
            return;
        }
        if (!disposables.Add(disposable)) return;
        SetOwner(disposable, this);
        Count(disposable, s => s.AttachedToScopeCount++);
    }

    public void Attach(params IDisposable[] disposables) => Attach((IEnumerable<IDisposable>)disposables);

    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        var list = disposables.ToList();
        list.ForEach(Attach);
        return list;
    }

    /// <summary>Disposes of all that the scope owns; the scope stays in use.</summary>
    public void DisposeEverything() => DisposeEverythingBut(Enumerable.Empty<IDisposable>());

    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[keep]);
        return keep;
    }

    public (T1 first, T2 second) DisposeEverythingBut<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[first, second]);
        return (first, second);
    }

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        var owned = disposables;
        disposables = new(inKeep.Where(owned.Contains), ReferenceEqualityComparer.Instance);
        foreach (var disposable in owned)
        {
            if (!disposables.Contains(disposable)) disposable.Dispose();
        }
    }

    /// <summary>Tells the scope that the object was disposed of by somebody else.</summary>
    public void MarkAsDisposed(IDisposable disposable) => disposables.Remove(disposable);

    /// <summary>Ends the scope: disposes of what it still owns and makes the scope around it the thread's current one.</summary>
    public void Dispose()
    {
        DisposeEverything();
        if (manager.Current == this) manager.Current = Outer;
    }

    internal void Add(IDisposable disposable) => disposables.Add(disposable);

    private void Move(IDisposable disposable, DisposeScope? scope)
    {
        if (!disposables.Remove(disposable)) return;
        scope?.Add(disposable);
        SetOwner(disposable, scope);
        if (scope is null) Count(disposable, s => s.DetachedFromScopeCount++);
    }

    private static void SetOwner(IDisposable disposable, DisposeScope? scope)
    {
        if (disposable is torch.Tensor tensor) tensor.OwningDisposeScope = scope;
    }

    private void Count(IDisposable disposable, Action<LifetimeStatistics> count)
    {
        if (disposable is torch.Tensor) count(manager.ThreadStatistics.TensorStatistics);
    }
}
