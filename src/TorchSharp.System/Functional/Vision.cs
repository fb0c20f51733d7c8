using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>
            /// Resizes the spatial dimensions, to <paramref name="size"/> or by <paramref name="scale_factor"/> (one number for all
            /// dimensions, or one each).
            /// </summary>
            public static Tensor interpolate(Tensor x, long[]? size = null, double[]? scale_factor = null,
                InterpolationMode mode = InterpolationMode.Nearest, bool? align_corners = null, bool recompute_scale_factor = false,
                bool antialias = false)
            {
                int spatial = (int)x.Dimensions - 2;
                if (size is null == scale_factor is null)
                    throw new ArgumentException("only one of size or scale_factor should be defined", nameof(size));
                size = Spread(size, spatial, nameof(size));
                scale_factor = Spread(scale_factor, spatial, nameof(scale_factor));
                if (recompute_scale_factor || (mode == InterpolationMode.Area && size is null))
                {
                    if (scale_factor is null) throw new ArgumentException("recompute_scale_factor needs a scale_factor", nameof(recompute_scale_factor));
                    var shape = x.shape;
                    size = [.. scale_factor.Select((factor, i) => (long)Math.Floor(shape[i + 2] * factor))];
                    scale_factor = null;
                }
                if (align_corners is not null && mode is InterpolationMode.Nearest or InterpolationMode.NearestExact or InterpolationMode.Area)
                    throw new ArgumentException("align_corners belongs to the modes linear, bilinear, bicubic and trilinear", nameof(align_corners));
                if (antialias && (spatial != 2 || mode is not (InterpolationMode.Bilinear or InterpolationMode.Bicubic)))
                    throw new ArgumentException("antialias belongs to bilinear and bicubic on 4-D input", nameof(antialias));

                bool align = align_corners ?? false;
                return (mode, spatial) switch
                {
                    (InterpolationMode.Nearest, 1 or 2 or 3) => Op.Call($"upsample_nearest{spatial}d.vec", x, size, scale_factor),
                    (InterpolationMode.NearestExact, 1 or 2 or 3) => Op.Call($"_upsample_nearest_exact{spatial}d.vec", x, size, scale_factor),
                    (InterpolationMode.Area, 1 or 2 or 3) => Op.Call($"adaptive_avg_pool{spatial}d", x, size),
                    (InterpolationMode.Linear, 1) => Op.Call("upsample_linear1d.vec", x, size, align, scale_factor),
                    (InterpolationMode.Bilinear, 2) => Op.Call(antialias ? "_upsample_bilinear2d_aa.vec" : "upsample_bilinear2d.vec", x, size, align, scale_factor),
                    (InterpolationMode.Bicubic, 2) => Op.Call(antialias ? "_upsample_bicubic2d_aa.vec" : "upsample_bicubic2d.vec", x, size, align, scale_factor),
                    (InterpolationMode.Trilinear, 3) => Op.Call("upsample_trilinear3d.vec", x, size, align, scale_factor),
                    _ => throw new ArgumentException($"{mode} does not fit a {x.Dimensions}-D input.", nameof(mode)),
                };
            }

            private static T[]? Spread<T>(T[]? values, int dimensions, string parameter) => values switch
            {
                null => null,
                [var one] => [.. Enumerable.Repeat(one, dimensions)],
                _ when values.Length == dimensions => values,
                _ => throw new ArgumentException($"{parameter} has {values.Length} numbers for {dimensions} spatial dimensions.", parameter),
            };

            public static Tensor pad(Tensor input, (long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, [pad.Item1, pad.Item2], mode, value);

            public static Tensor pad(Tensor input, (long, long, long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, [pad.Item1, pad.Item2, pad.Item3, pad.Item4], mode, value);

            /// <summary>Pads: (left, right) of the last dimension, then of the one before it, and so on.</summary>
            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0) => mode switch
            {
                PaddingModes.Constant or PaddingModes.Zeros => Op.Call("constant_pad_nd", input, pad, value),
                PaddingModes.Reflect => Op.Call("pad", input, pad, "reflect"),
                PaddingModes.Replicate => Op.Call("pad", input, pad, "replicate"),
                PaddingModes.Circular => Op.Call("pad", input, pad, "circular"),
                _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, null),
            };
        }
    }
}
