using TorchSharp.Modules;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        // Moving to another device or type. Every tensor that changes is replaced by a new one and the old one is disposed,
        // so an optimizer must be made after the move.
        public partial class Module
        {
            protected DeviceType _deviceType = DeviceType.CPU;
            protected int _deviceIndex = -1;

            protected internal virtual Module _to(Device device, ScalarType dtype, bool non_blocking)
            {
                RequireFloating(dtype);
                _toEpilog(device, dtype, non_blocking);
                return this;
            }

            protected internal virtual Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
            {
                _toEpilog(deviceType, deviceIndex, non_blocking);
                return this;
            }

            protected internal virtual Module _to(ScalarType dtype, bool non_blocking)
            {
                RequireFloating(dtype);
                _toEpilog(dtype, non_blocking);
                return this;
            }

            public Module _to(Tensor other, bool non_blocking)
            {
                _to(other.dtype, non_blocking);
                return _to(other.device_type, other.device_index, non_blocking);
            }

            protected void _toEpilog(ScalarType dtype, bool non_blocking) => _toEpilog(dtype, null, non_blocking);

            protected void _toEpilog(Device device, ScalarType dtype, bool non_blocking) => _toEpilog(dtype, device, non_blocking);

            protected void _toEpilog(DeviceType deviceType, int deviceIndex, bool non_blocking) =>
                _toEpilog(null, new Device(deviceType, deviceIndex), non_blocking);

            protected virtual void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
            {
                foreach (var child in children())
                {
                    if (device is null) child._to(dtype!.Value, non_blocking);
                    else if (dtype is null) child._to(device.type, device.index, non_blocking);
                    else child._to(device, dtype.Value, non_blocking);
                }
                var fields = ComponentFields();
                foreach (var (parameterName, parameter) in Snapshot(_internal_params))
                {
                    if (!ReplaceParameter(dtype, device, parameter, out var moved)) continue;
                    parameter.Dispose();
                    _internal_params[parameterName] = moved!;
                    if (fields.TryGetValue(parameterName, out var field)) field.SetValue(this, moved);
                }
                foreach (var (bufferName, (buffer, persistent)) in Snapshot(_internal_buffers))
                {
                    if (!ReplaceBuffer(dtype, device, buffer, out var moved)) continue;
                    _internal_buffers[bufferName] = (moved!, persistent);
                    if (fields.TryGetValue(bufferName, out var field)) field.SetValue(this, moved);
                }
                if (device is not null) (_deviceType, _deviceIndex) = (device.type, device.index);
            }

            /// <summary>A moved copy that no dispose scope owns, gradient included; false when nothing has to move.</summary>
            protected static bool ReplaceParameter(ScalarType? dtype, Device? device, Parameter param, out Parameter? p)
            {
                p = null;
                var type = TargetType(dtype, param);
                var place = device ?? param.device;
                if (param.dtype == type && SamePlace(param.device, place)) return false;
                using var frozen = no_grad();
                using var grad = param.grad;
                p = new Parameter(param.to(type, place), param.requires_grad);
                p.DetachFromDisposeScope();
                if (grad is not null)
                {
                    using var movedGrad = grad.to(type, place);
                    p.grad = movedGrad;
                }
                return true;
            }

            /// <summary>A moved copy that no dispose scope owns, the old one disposed; false when nothing has to move.</summary>
            protected static bool ReplaceBuffer(ScalarType? dtype, Device? device, Tensor buffer, out Tensor? result)
            {
                result = null;
                var type = TargetType(dtype, buffer);
                var place = device ?? buffer.device;
                if (buffer.dtype == type && SamePlace(buffer.device, place)) return false;
                using var frozen = no_grad();
                result = buffer.to(type, place).DetachFromDisposeScope();
                buffer.Dispose();
                return true;
            }

            protected static (Device device, ScalarType dtype) GetDefaultDeviceAndType(Device? device = null, ScalarType? dtype = null) =>
                (device ?? get_default_device(), dtype ?? get_default_dtype());

            private static List<(string, T)> Snapshot<T>(OrderedDict<string, T> registered) => [.. (IEnumerable<(string, T)>)registered];

            // Whole-numbered tensors (position ids, counters) keep their type.
            private static ScalarType TargetType(ScalarType? dtype, Tensor tensor) =>
                dtype is { } wanted && tensor.is_floating_point() ? wanted : tensor.dtype;

            private static bool SamePlace(Device a, Device b) =>
                a.type == b.type && (a.type != DeviceType.CUDA || Math.Max(a.index, 0) == Math.Max(b.index, 0));

            private static void RequireFloating(ScalarType dtype)
            {
                if (dtype is ScalarType.Byte or ScalarType.Int8 or ScalarType.Int16 or ScalarType.Int32 or ScalarType.Int64 or ScalarType.Bool)
                    throw new ArgumentException($"nn.Module.to only accepts floating point or complex types, but got desired dtype={dtype}");
            }
        }
    }
}
