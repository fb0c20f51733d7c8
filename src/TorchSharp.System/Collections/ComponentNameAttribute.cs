namespace TorchSharp.Utils;

/// <summary>Names a field in its module's state_dict when the field's own name will not do.</summary>
[AttributeUsage(AttributeTargets.Field)]
public class ComponentNameAttribute : Attribute
{
    public string Name { get; set; } = "";
}
