namespace TorchSharp;

/// <content>Copies, fills and random fills.</content>
public static partial class torch
{
    public static Tensor clone(Tensor input) => input.clone();
}
