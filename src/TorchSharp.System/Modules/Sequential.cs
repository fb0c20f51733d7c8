using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Modules called one after the other; what passes between them is freed at once.</summary>
public class Sequential : nn.Module<Tensor, Tensor>
{
    private readonly List<(string name, nn.IModule<Tensor, Tensor> module)> _steps = [];

    protected internal Sequential(params (string name, nn.Module<Tensor, Tensor> submodule)[] modules) : base(nameof(Sequential))
    {
        foreach (var (stepName, module) in modules) append(stepName, module);
    }

    protected internal Sequential(params nn.Module<Tensor, Tensor>[] modules) : base(nameof(Sequential))
    {
        foreach (var module in modules) append(module);
    }

    public int Count => _steps.Count;

    public nn.IModule<Tensor, Tensor> this[int index] => _steps[index].module;

    public Sequential append(nn.IModule<Tensor, Tensor> module) => append($"{_steps.Count}", module);

    public Sequential append(string name, nn.IModule<Tensor, Tensor> module)
    {
        register_module(name, (nn.Module)module);
        _steps.Add((name, module));
        return this;
    }

    public override Tensor forward(Tensor tensor)
    {
        if (_steps.Count == 0) return tensor.alias();
        var result = _steps[0].module.call(tensor);
        foreach (var (_, module) in _steps.Skip(1))
        {
            var previous = result;
            result = module.call(previous);
            previous.Dispose();
        }
        return result;
    }
}
