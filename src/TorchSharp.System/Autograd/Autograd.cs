using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Adds the gradient of this one number to the <see cref="grad"/> of every leaf that it was computed from.</summary>
        public void backward() => autograd.backward([this]);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);

        /// <summary>Makes backward keep the gradient of this tensor though it is no leaf.</summary>
        public void retain_grad() => Op.Check(Ask(NativeMethods.tensor_retain_grad));
    }

    /// <summary>Reverse-mode differentiation.</summary>
    public static partial class autograd
    {
        /// <param name="tensors">What to differentiate.</param>
        /// <param name="grad_tensors">The vector of each vector-Jacobian product; none for tensors of one element.</param>
        /// <param name="retain_graph">Keep what was recorded for another backward; by default as <paramref name="create_graph"/>.</param>
        /// <param name="create_graph">Record the differentiation itself, for higher derivatives.</param>
        /// <param name="inputs">The leaves to give gradients to; all where none are named.</param>
        public static unsafe void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            fixed (IntPtr* roots = Handles(tensors), grads = Handles(grad_tensors), leaves = Handles(inputs))
            {
                Op.Check(NativeMethods.autograd_backward(roots, grad_tensors is { Count: > 0 } ? grads : null, tensors.Count,
                    retain_graph ?? create_graph ? 1 : 0, create_graph ? 1 : 0, leaves, inputs?.Count ?? 0));
            }
            GC.KeepAlive((tensors, grad_tensors, inputs));
        }

        public static void backward(Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static void backward(Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        /// <summary>
        /// The gradients of the outputs' sum, weighted by <paramref name="grad_outputs"/>, with respect to the inputs, in their
        /// order. Nobody's <see cref="Tensor.grad"/> changes.
        /// </summary>
        public static unsafe IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            var results = new IntPtr[inputs.Count];
            fixed (IntPtr* from = Handles(outputs), weights = Handles(grad_outputs), to = Handles(inputs), found = results)
            {
                Op.Check(NativeMethods.autograd_grad(from, grad_outputs is { Count: > 0 } ? weights : null, outputs.Count, to, inputs.Count,
                    retain_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, found));
            }
            GC.KeepAlive((outputs, inputs, grad_outputs));
            // An input that nothing depends on gets an invalid tensor, as TorchSharp gives it.
            return Array.ConvertAll(results, handle => handle == IntPtr.Zero ? new Tensor(handle, null) : new Tensor(handle));
        }

        private static IntPtr[] Handles(IList<Tensor>? tensors) => tensors?.Select(t => t.Handle).ToArray() ?? [];
    }
}
