using System.Globalization;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Norms, decompositions and solutions.</summary>
    public static partial class linalg
    {
        public static Tensor norm(Tensor input, long[]? dims = null, bool keepdim = false) =>
            Op.Call("linalg_norm", input, Arg.None, dims, keepdim);

        public static Tensor norm(Tensor input, double ord, long[]? dims = null, bool keepdim = false) =>
            Op.Call("linalg_norm", input, ord, dims, keepdim);

        public static Tensor norm(Tensor input, int ord, long[]? dims = null, bool keepdim = false) =>
            Op.Call("linalg_norm", input, (double)ord, dims, keepdim);

        /// <param name="input">The tensor.</param>
        /// <param name="ord">"fro" or "nuc"; "inf" and "-inf" as numbers.</param>
        /// <param name="dims">The one or two dimensions of the vectors or matrices; all where none are given.</param>
        /// <param name="keepdim">Whether those stay, with size 1.</param>
        public static Tensor norm(Tensor input, string ord, long[]? dims = null, bool keepdim = false) => ord switch
        {
            "inf" or "-inf" => norm(input, double.Parse(ord.Replace("inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture), dims, keepdim),
            _ => Op.Call("linalg_norm.ord_str", input, ord, dims, keepdim),
        };

        public static Tensor vector_norm(Tensor input, double ord = 2d, long[]? dims = null, bool keepdim = false) =>
            Op.Call("linalg_vector_norm", input, ord, dims, keepdim);
    }
}
