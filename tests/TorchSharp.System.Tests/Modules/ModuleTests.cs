using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Tests.Modules;

public class ModuleTests
{
    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly GroupNorm norm1 = nn.GroupNorm(2, 4);
        private readonly Conv2d conv1 = nn.Conv2d(4, 4, 3, padding: 1);
        private readonly Dropout dropout = nn.Dropout(0.5);

        public Block() : base(nameof(Block))
        {
            // TorchSharp 0.107 leaves them as it found the memory.
            nn.init.ones_(norm1.weight);
            nn.init.zeros_(norm1.bias!);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => conv1.call(dropout.call(norm1.call(input)));
    }

    private sealed class Network : nn.Module<Tensor, Tensor>
    {
        public readonly ModuleList<Block> resnets = new(new Block(), new Block());
        public readonly Sequential to_out = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.1));
        public readonly Linear to_q = nn.Linear(4, 4, hasBias: false);
        public readonly Parameter scale = new(ones(1));
        public readonly Tensor position_ids = arange(3);
        private readonly Linear? conv_shortcut;

        public Network(Linear? shortcut = null) : base(nameof(Network))
        {
            conv_shortcut = shortcut;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            foreach (var block in resnets) input = block.call(input);
            return conv_shortcut?.call(input) ?? input;
        }
    }

    private static readonly string[] Keys =
    [
        "position_ids",
        "resnets.0.conv1.bias", "resnets.0.conv1.weight", "resnets.0.norm1.bias", "resnets.0.norm1.weight",
        "resnets.1.conv1.bias", "resnets.1.conv1.weight", "resnets.1.norm1.bias", "resnets.1.norm1.weight",
        "scale", "to_out.0.bias", "to_out.0.weight", "to_q.weight",
    ];

    [Fact]
    public void State_dict_keys_are_field_names_and_indices()
    {
        using var network = new Network();

        Assert.Equal(Keys, network.state_dict().Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Keys.Where(key => key != "position_ids"), network.named_parameters().Select(pair => pair.name).Order(StringComparer.Ordinal));
        Assert.Equal(["position_ids"], network.named_buffers().Select(pair => pair.name));
    }

    [Fact]
    public void Children_and_modules_are_named_by_their_paths()
    {
        using var network = new Network();

        Assert.Equal(["resnets", "to_out", "to_q"], network.named_children().Select(pair => pair.name));
        Assert.Equal(
            ["resnets", "to_out", "to_q", "resnets.0", "resnets.1", "resnets.0.norm1", "resnets.0.conv1", "resnets.0.dropout",
                "resnets.1.norm1", "resnets.1.conv1", "resnets.1.dropout", "to_out.0", "to_out.1"],
            network.named_modules().Select(pair => pair.name));
        Assert.Same(network.to_q.weight, network.get_parameter("to_q.weight"));
        Assert.True(network.has_buffer("position_ids"));
        Assert.False(network.has_parameter("resnets.2.conv1.weight"));
    }

    [Fact]
    public void Loading_copies_into_the_modules_own_tensors()
    {
        using var network = new Network();
        using var other = new Network();
        var source = other.state_dict();

        var (missing, unexpected) = network.load_state_dict(source);

        Assert.Empty(missing);
        Assert.Empty(unexpected);
        foreach (var (key, value) in network.state_dict())
        {
            Assert.NotSame(source[key], value);
            Numbers.AssertClose(source[key], value, 0);
        }
    }

    [Fact]
    public void Strict_loading_refuses_missing_and_unexpected_keys_and_lenient_loading_lists_them()
    {
        using var network = new Network();
        var source = new Dictionary<string, Tensor>(network.state_dict());
        source.Remove("to_q.weight");
        source["to_k.weight"] = source["scale"];

        Assert.Throws<InvalidOperationException>(() => network.load_state_dict(source));
        var (missing, unexpected) = network.load_state_dict(source, strict: false);

        Assert.Equal(["to_q.weight"], missing);
        Assert.Equal(["to_k.weight"], unexpected);
        network.load_state_dict(source, skip: ["to_q.weight", "to_k.weight"]);
    }

    [Fact]
    public void Train_and_eval_reach_every_module_and_switch_dropout()
    {
        using var network = new Network();
        Assert.True(network.training);

        network.eval();

        Assert.All(network.modules(), module => Assert.False(module.training));
        using var dropout = nn.Dropout(0.5);
        using var input = ones(1000);
        using var dropped = dropout.call(input);
        Assert.Equal([0, 2], Numbers.Of(dropped).Distinct().Order());
        dropout.eval();
        using var kept = dropout.call(input);
        Numbers.AssertClose(input, kept, 0);
    }

    [Fact]
    public void Moving_to_another_type_replaces_floating_tensors_and_keeps_whole_numbers()
    {
        using var network = new Network();
        var before = Numbers.Of(network.to_q.weight);

        network.to(ScalarType.Float64);

        Assert.All(network.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
        Assert.All(network.parameters(), parameter => Assert.True(parameter.requires_grad && parameter.is_leaf));
        Assert.Equal(ScalarType.Int64, network.position_ids.dtype);
        Assert.Same(network.to_q.weight, network.get_parameter("to_q.weight"));
        Numbers.AssertClose(before, network.to_q.weight, 0);
        Assert.Throws<ArgumentException>(() => network.to(ScalarType.Int32));
    }

    [Fact]
    public void Moving_to_where_it_is_keeps_the_very_parameters()
    {
        using var network = new Network();
        var before = network.parameters().ToList();

        network.cpu().to("cpu").to(CPU, ScalarType.Float32).@float();

        Assert.Equal(before, network.parameters(), ReferenceEqualityComparer.Instance);
    }

    [Fact]
    public void Moving_takes_gradients_along()
    {
        using var linear = nn.Linear(2, 1);
        using var input = ones(3, 2);
        linear.call(input).sum().backward();

        linear.@double();

        Assert.Equal(ScalarType.Float64, linear.weight.grad!.dtype);
        Numbers.AssertClose([3, 3], linear.weight.grad!, 0);
    }

    [Fact]
    public void Gradients_of_parameters_are_dropped_by_zero_grad()
    {
        using var linear = nn.Linear(2, 1);
        using var input = ones(3, 2);
        linear.call(input).sum().backward();
        Numbers.AssertClose([3, 3], linear.weight.grad!, 0);

        linear.zero_grad();

        Assert.Null(linear.weight.grad);
    }

    [Fact]
    public void Modules_outlive_the_scope_that_they_were_made_in()
    {
        Linear linear;
        using (NewDisposeScope()) linear = nn.Linear(2, 2);

        Assert.False(linear.weight.IsInvalid);
        linear.Dispose();
        Assert.True(linear.weight.IsInvalid);
    }

    [Fact]
    public void A_disposed_network_leaves_no_tensors_behind()
    {
        // TorchSharp's Tensor.TotalCount counts a parameter twice; the thread's own count is right in both.
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (var scope = NewDisposeScope())
        {
            using var network = new Network();
            network.call(randn(1, 4, 8, 8)).sum().backward();
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Hooks_see_inputs_and_change_results_until_removed()
    {
        using var linear = nn.Linear(1, 1);
        using var input = zeros(1, 1);
        Tensor? seen = null;
        var watching = linear.register_forward_pre_hook((_, x) => { seen = x; return x; });
        var doubling = linear.register_forward_hook((_, _, y) => y + 1);

        using var hooked = linear.call(input);
        watching.remove();
        doubling.remove();
        seen = null;
        using var plain = linear.call(input);

        Assert.Null(seen);
        Assert.Equal(Numbers.Of(plain)[0] + 1, Numbers.Of(hooked)[0], 1e-6);
    }

    [Fact]
    public void A_name_with_a_dot_or_twice_is_refused()
    {
        using var list = new ModuleList<nn.Module>();
        using var child = nn.Identity();
        list.register_module("a", child);

        Assert.Throws<ArgumentException>(() => list.register_module("a.b", child));
        Assert.Throws<InvalidOperationException>(() => list.register_module("a", child));
    }
}
