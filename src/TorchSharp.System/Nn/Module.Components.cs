using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        // Walking the tree. Names are dotted paths from this module; a tensor held under two names is given once.
        public partial class Module
        {
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
                foreach (var (parameterName, parameter) in _internal_params)
                {
                    if (seen.Add(parameter)) yield return (parameterName, parameter);
                }
                if (!recurse) yield break;
                foreach (var (childName, child) in _internal_submodules)
                {
                    foreach (var (parameterName, parameter) in child.named_parameters(true))
                    {
                        if (seen.Add(parameter)) yield return ($"{childName}.{parameterName}", parameter);
                    }
                }
            }

            // As in TorchSharp, a buffer that is not persistent is not listed, whatever include_nonpersistent says.
            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
                foreach (var (bufferName, (buffer, persistent)) in _internal_buffers)
                {
                    if (persistent && seen.Add(buffer)) yield return (bufferName, buffer);
                }
                if (!recurse) yield break;
                foreach (var (childName, child) in _internal_submodules)
                {
                    foreach (var (bufferName, buffer) in child.named_buffers(true, include_nonpersistent))
                    {
                        if (seen.Add(buffer)) yield return ($"{childName}.{bufferName}", buffer);
                    }
                }
            }

            public virtual IEnumerable<(string name, Module module)> named_children() => _internal_submodules;

            /// <summary>All modules below this one (without it), a level's own before those of its children.</summary>
            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach (var child in named_children()) yield return child;
                foreach (var (childName, child) in named_children())
                {
                    foreach (var (moduleName, module) in child.named_modules()) yield return ($"{childName}.{moduleName}", module);
                }
            }

            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(pair => pair.parameter);

            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
                named_buffers(recurse, include_nonpersistent).Select(pair => pair.buffer);

            public virtual IEnumerable<Module> modules() => named_modules().Select(pair => pair.module);

            public virtual IEnumerable<Module> children() => named_children().Select(pair => pair.module);

            public virtual bool has_parameter(string target) => get_parameter(target) is not null;

            public virtual bool has_buffer(string target) => get_buffer(target) is not null;

            public virtual Parameter? get_parameter(string target)
            {
                var (owner, leaf) = Resolve(target);
                return owner is not null && owner._internal_params.TryGetValue(leaf, out var parameter) ? parameter : null;
            }

            public virtual Tensor? get_buffer(string target)
            {
                var (owner, leaf) = Resolve(target);
                return owner is not null && owner._internal_buffers.TryGetValue(leaf, out var buffer) ? buffer.Item1 : null;
            }

            private (Module? owner, string leaf) Resolve(string target)
            {
                var path = target.Split('.');
                Module? owner = this;
                foreach (var step in path[..^1])
                    owner = owner?.named_children().FirstOrDefault(child => child.name == step).module;
                return (owner, path[^1]);
            }

            /// <summary>Name → tensor of all parameters and persistent buffers; the tensors are the module's own.</summary>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                foreach (var (parameterName, parameter) in named_parameters()) destination.TryAdd(Key(parameterName), parameter);
                foreach (var (bufferName, buffer) in named_buffers(include_nonpersistent: false)) destination.TryAdd(Key(bufferName), buffer);
                foreach (var (childName, child) in _internal_submodules) child.state_dict(destination, Key(childName));
                return destination;

                string Key(string leaf) => string.IsNullOrEmpty(prefix) ? leaf : $"{prefix}.{leaf}";
            }

            /// <summary>Copies tensors into the parameters and buffers of the same names.</summary>
            /// <exception cref="InvalidOperationException">strict, and the two sets of names differ.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                var destination = state_dict();
                var skipped = skip?.ToHashSet() ?? [];
                var missing = destination.Keys.Where(key => !skipped.Contains(key) && !source.ContainsKey(key)).ToList();
                var unexpected = source.Keys.Where(key => !skipped.Contains(key) && !destination.ContainsKey(key)).ToList();
                if (strict && missing.Count + unexpected.Count > 0)
                {
                    throw new InvalidOperationException("The loaded state_dict is not identical to the target dictionary. " +
                        $"Missing: [{string.Join(", ", missing)}]. Unexpected: [{string.Join(", ", unexpected)}].");
                }
                using var frozen = no_grad();
                foreach (var (key, value) in source)
                {
                    if (!skipped.Contains(key) && destination.TryGetValue(key, out var target)) target.copy_(value);
                }
                return (missing, unexpected);
            }
        }
    }
}
