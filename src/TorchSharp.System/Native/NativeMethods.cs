using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>The shim's exports (shim/*.cpp). Those that give an int status want <see cref="Op.Check"/>.</summary>
internal static unsafe partial class NativeMethods
{
    private const string Library = "torchsystem";

    static NativeMethods() => NativeLibraryLoader.Register();

    [LibraryImport(Library)] public static partial IntPtr last_error_message();
    [LibraryImport(Library)] public static partial void end_calls(int milliseconds);
    [LibraryImport(Library)] public static partial IntPtr torch_version();
    [LibraryImport(Library)] public static partial IntPtr torch_config();
    [LibraryImport(Library)] public static partial int torch_cxx11_abi();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int find_operator(string name, string overload, out IntPtr handle);
    [LibraryImport(Library)]
    public static partial int call_operator(IntPtr op, NativeValue* arguments, int count, NativeValue* results, int capacity);
    [LibraryImport(Library)] public static partial void free_list(IntPtr handles);

    [LibraryImport(Library)] public static partial int shared_linear(IntPtr input, IntPtr weight, IntPtr bias, out IntPtr result);
    [LibraryImport(Library)] public static partial int shared_mm(IntPtr left, IntPtr right, out IntPtr result);
    [LibraryImport(Library)] public static partial int shared_bmm(IntPtr left, IntPtr right, out IntPtr result);
    [LibraryImport(Library)] public static partial int shared_attention(IntPtr query, IntPtr key, IntPtr value, out IntPtr result);

    [LibraryImport(Library)] public static partial int bfloat16_silu(IntPtr input, int in_place, out IntPtr result);
    [LibraryImport(Library)]
    public static partial int bfloat16_layer_norm(IntPtr input, long count, IntPtr weight, IntPtr bias, double eps, out IntPtr result);
    [LibraryImport(Library)]
    public static partial int bfloat16_group_norm(IntPtr input, long groups, IntPtr weight, IntPtr bias, double eps, out IntPtr result);

    [LibraryImport(Library)] public static partial void tensor_free(IntPtr tensor);
    [LibraryImport(Library)] public static partial IntPtr tensor_share(IntPtr tensor);
    [LibraryImport(Library)] public static partial long tensor_dim(IntPtr tensor);
    [LibraryImport(Library)] public static partial long tensor_numel(IntPtr tensor);
    [LibraryImport(Library)] public static partial int tensor_dtype(IntPtr tensor);
    [LibraryImport(Library)] public static partial long tensor_device(IntPtr tensor);
    [LibraryImport(Library)] public static partial int tensor_sizes(IntPtr tensor, long* sizes);
    [LibraryImport(Library)] public static partial int tensor_strides(IntPtr tensor, long* strides);
    [LibraryImport(Library)] public static partial int tensor_is_contiguous(IntPtr tensor, out int result);
    [LibraryImport(Library)] public static partial int tensor_requires_grad(IntPtr tensor);
    [LibraryImport(Library)] public static partial int tensor_is_leaf(IntPtr tensor);
    [LibraryImport(Library)] public static partial int tensor_is_sparse(IntPtr tensor);
    [LibraryImport(Library)] public static partial int tensor_data(IntPtr tensor, out IntPtr data);
    [LibraryImport(Library)] public static partial int tensor_set_requires_grad(IntPtr tensor, int requires_grad);
    [LibraryImport(Library)] public static partial int tensor_retain_grad(IntPtr tensor);
    [LibraryImport(Library)] public static partial int tensor_grad(IntPtr tensor, out IntPtr grad);
    [LibraryImport(Library)] public static partial int tensor_set_grad(IntPtr tensor, IntPtr grad);
    [LibraryImport(Library)] public static partial int tensor_set_data(IntPtr tensor, IntPtr source);
    [LibraryImport(Library)]
    public static partial int autograd_backward(IntPtr* tensors, IntPtr* grads, int count, int retain_graph, int create_graph,
        IntPtr* inputs, int input_count);
    [LibraryImport(Library)]
    public static partial int autograd_grad(IntPtr* outputs, IntPtr* grads, int output_count, IntPtr* inputs, int input_count,
        int retain_graph, int create_graph, int allow_unused, IntPtr* result);

    [LibraryImport(Library)] public static partial int get_num_threads();
    [LibraryImport(Library)] public static partial int set_num_threads(int count);
    [LibraryImport(Library)] public static partial int get_num_interop_threads();
    [LibraryImport(Library)] public static partial int set_num_interop_threads(int count);
    [LibraryImport(Library)] public static partial int grad_mode();
    [LibraryImport(Library)] public static partial void set_grad_mode(int enabled);
    [LibraryImport(Library)] public static partial int inference_mode();
    [LibraryImport(Library)] public static partial IntPtr enter_inference_mode(int enabled);
    [LibraryImport(Library)] public static partial void leave_inference_mode(IntPtr guard);

    [LibraryImport(Library)] public static partial int manual_seed(long seed);
    [LibraryImport(Library)] public static partial int default_generator(long device, out IntPtr generator);
    [LibraryImport(Library)] public static partial int new_generator(ulong seed, long device, out IntPtr generator);
    [LibraryImport(Library)] public static partial void free_generator(IntPtr generator);
    [LibraryImport(Library)] public static partial int generator_set_seed(IntPtr generator, ulong seed);
    [LibraryImport(Library)] public static partial long generator_initial_seed(IntPtr generator);
    [LibraryImport(Library)] public static partial int generator_seed(IntPtr generator, out long seed);
    [LibraryImport(Library)] public static partial int generator_state(IntPtr generator, out IntPtr state);
    [LibraryImport(Library)] public static partial int generator_set_state(IntPtr generator, IntPtr state);

    [LibraryImport(Library)] public static partial int cuda_device_count();
    [LibraryImport(Library)] public static partial int cuda_synchronize(int index);
    [LibraryImport(Library)] public static partial int cudnn_available();
    [LibraryImport(Library)] public static partial int allow_tf32_matmul();
    [LibraryImport(Library)] public static partial void set_allow_tf32_matmul(int allow);
    [LibraryImport(Library)] public static partial int allow_tf32_cudnn();
    [LibraryImport(Library)] public static partial void set_allow_tf32_cudnn(int allow);
}
