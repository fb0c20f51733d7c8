using static TorchSharp.torch;

namespace TorchSharp.Tests.Scopes;

public class DisposeScopeTests
{
    [Fact]
    public void Scope_disposes_of_what_was_made_in_it()
    {
        Tensor made;
        using (NewDisposeScope()) made = ones(1);
        Assert.True(made.IsInvalid);
    }

    [Fact]
    public void Moved_tensor_lives_as_long_as_the_outer_scope()
    {
        Tensor moved, stays;
        using (var outer = NewDisposeScope())
        {
            using (NewDisposeScope())
            {
                stays = ones(1);
                moved = ones(1).MoveToOuterDisposeScope();
            }
            Assert.True(stays.IsInvalid);
            Assert.False(moved.IsInvalid);
            Assert.True(outer.Contains(moved));
        }
        Assert.True(moved.IsInvalid);
    }

    [Fact]
    public void Detached_tensor_outlives_all_scopes()
    {
        Tensor detached, moved;
        using (var scope = NewDisposeScope())
        {
            detached = ones(1).DetachFromDisposeScope();
            moved = scope.MoveToOuter(ones(1));
            Assert.Equal(0, scope.DisposablesCount);
        }
        Assert.Equal(1f, detached.item<float>());
        Assert.Equal(1f, moved.item<float>());
        detached.Dispose();
        moved.Dispose();
    }

    [Fact]
    public void Everything_but_the_kept_is_disposed_of()
    {
        using var scope = NewDisposeScope();
        var kept = ones(1);
        var dropped = ones(1);
        scope.DisposeEverythingBut(kept);
        Assert.True(dropped.IsInvalid);
        Assert.False(kept.IsInvalid);
        Assert.Equal(1, scope.DisposablesCount);
    }

    [Fact]
    public void Attached_tensor_is_taken_from_where_it_was()
    {
        using var outer = NewDisposeScope();
        var tensor = ones(1);
        using (var inner = NewDisposeScope()) inner.Attach(tensor);
        Assert.True(tensor.IsInvalid);
    }

    [Fact]
    public void Tensor_disposed_of_by_hand_leaves_its_scope()
    {
        using var scope = NewDisposeScope();
        var tensor = ones(1);
        Assert.Equal(1, scope.DisposablesCount);
        tensor.Dispose();
        tensor.Dispose();
        Assert.Equal(0, scope.DisposablesCount);
    }

    [Fact]
    public void Scopes_are_per_thread()
    {
        using var scope = NewDisposeScope();
        Tensor? elsewhere = null;
        var thread = new Thread(() =>
        {
            Assert.Null(CurrentDisposeScope);
            elsewhere = ones(1);
        });
        thread.Start();
        thread.Join();
        Assert.Equal(0, scope.DisposablesCount);
        elsewhere!.Dispose();
    }

    [Fact]
    public void Another_object_for_a_tensor_keeps_it_alive()
    {
        Tensor alias;
        using (var tensor = ones(1)) alias = tensor.alias();
        Assert.Equal(1f, alias.item<float>());
        alias.Dispose();
    }
}
