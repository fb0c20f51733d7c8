using System.CommandLine;
using TorchSharp;

namespace StableDiffusion.Farm.Commands;

/// <summary>Where networks run, and how precisely.</summary>
internal sealed class TorchOptions
{
    private readonly Option<string> device = new("--device") { Description = "cpu, cuda or cuda:N.", HelpName = "DEVICE", DefaultValueFactory = _ => "cpu" };
    private readonly Option<string> dtype = new("--dtype") { Description = "float32, float16 or bfloat16.", HelpName = "DTYPE", DefaultValueFactory = _ => "float32" };

    public void AddTo(Command command)
    {
        device.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>().Split(':') is not (["cpu"] or ["cuda"] or ["cuda", [>= '0' and <= '9']]))
            {
                result.AddError("--device: cpu, cuda or cuda:N");
            }
        });
        dtype.AcceptOnlyFromAmong("float32", "float16", "bfloat16");
        command.Add(device);
        command.Add(dtype);
    }

    /// <summary>The device asked for; an error where it is a GPU and this build sees none.</summary>
    public torch.Device Device(ParseResult parsed)
    {
        string name = parsed.GetValue(device)!;
        return name == "cpu" || torch.cuda.is_available()
            ? torch.device(name)
            : throw new FarmException("--device: this build sees no CUDA device (./farm's TORCH=cuda, and NVIDIA's driver, give one)");
    }

    /// <summary>The type asked for.</summary>
    public torch.ScalarType Dtype(ParseResult parsed) => parsed.GetValue(dtype) switch
    {
        "float16" => torch.ScalarType.Float16,
        "bfloat16" => torch.ScalarType.BFloat16,
        _ => torch.ScalarType.Float32,
    };
}
