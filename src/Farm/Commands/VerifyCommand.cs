using System.CommandLine;
using Spectre.Console;
using StableDiffusion.Diffusion.Verification;

namespace StableDiffusion.Farm.Commands;

/// <summary><c>./farm verify [FOLDER]</c>: is this build on this device numerically right? Exit code 1 when it is not.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var folder = new Argument<DirectoryInfo>("folder")
        {
            Description = "Reference numbers, laid out like tests/goldens (taken when none is named).",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Checkout.Root, "tests", "goldens")),
        };
        var torch = new TorchOptions();
        var command = new Command("verify", "Compares this build's numbers with reference numbers.") { folder };
        torch.AddTo(command);
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () =>
            {
                string path = parsed.GetValue(folder)!.FullName;
                if (!Directory.Exists(path))
                {
                    throw new FarmException($"folder: {path} is no folder; name one that is laid out like tests/goldens, or none");
                }

                VerificationReport report = Terminal.Progress.Status().Start("Comparing …", status => Verifier.Run(
                    path, torch.Device(parsed), torch.Dtype(parsed), row => status.Status($"{row.Compared.EscapeMarkup()} …"), cancellationToken));
                Console.Write(report.ToTable());
                return report.Succeeded ? 0 : 1;
            },
            cancellationToken));
        return command;
    }
}
