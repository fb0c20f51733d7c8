using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Where a tensor lives: "cpu", "cuda", "cuda:1". Without an index it is the current device of its kind.</summary>
    public class Device
    {
        /// <exception cref="ArgumentException">The description names no kind of device, or its index is no number.</exception>
        public Device(string description)
        {
            ArgumentNullException.ThrowIfNull(description);
            var colon = description.IndexOf(':', StringComparison.Ordinal);
            type = ParseType(colon < 0 ? description : description[..colon]);
            if (colon >= 0)
            {
                index = int.TryParse(description.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    ? number
                    : throw new ArgumentException($"'{description}' is no device: a number belongs behind the colon.", nameof(description));
            }
        }

        public Device(string deviceType, int index = -1)
            : this(ParseType(deviceType), index)
        {
        }

        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = index;
        }

        public Device(int index)
            : this(DeviceType.CUDA, index)
        {
        }

        public DeviceType type { get; } = DeviceType.CPU;

        public int index { get; } = -1;

        /// <summary>As the shim wants it.</summary>
        internal long Packed => ((long)type << 8) | (byte)(sbyte)(type == DeviceType.CPU ? -1 : index);

        internal static Device Unpack(long packed)
        {
            var type = (DeviceType)(packed >> 8);
            return new Device(type, type == DeviceType.CPU ? -1 : (sbyte)(packed & 0xff));
        }

        public static implicit operator Device(string description) => new(description);

        public override string ToString()
        {
            var name = type.ToString().ToLowerInvariant();
            return index < 0 || type == DeviceType.CPU ? name : string.Create(CultureInfo.InvariantCulture, $"{name}:{index}");
        }

        [SuppressMessage("Globalization", "CA1308:Normalize strings to uppercase", Justification = "Device names are lower case.")]
        private static DeviceType ParseType(string name) => name.ToLowerInvariant() switch
        {
            "cpu" => DeviceType.CPU,
            "cuda" => DeviceType.CUDA,
            "hip" => DeviceType.HIP,
            "xla" => DeviceType.XLA,
            "mps" => DeviceType.MPS,
            "meta" => DeviceType.META,
            _ => throw new ArgumentException($"'{name}' is no kind of device that is known: cpu, cuda, mps, meta.", nameof(name)),
        };
    }

    public static readonly Device CPU = new(DeviceType.CPU);

    public static readonly Device META = new(DeviceType.META);

    public static Device CUDA => new(DeviceType.CUDA);

    public static Device device(string description) => new(description);

    public static Device device(string deviceType, int index = -1) => new(deviceType, index);

    public static Device device(DeviceType deviceType, int index = -1) => new(deviceType, index);

    public static Device device(int index) => new(index);

    /// <summary>The device of tensors made without one.</summary>
    public static Device get_default_device() => CPU;
}
