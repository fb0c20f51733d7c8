using static TorchSharp.torch;

namespace TorchSharp.Tests.Native;

/// <summary>How a process ends while threads of it compute: a host's time to stop is over, a command was interrupted.</summary>
public class ExitTests
{
    private const int ExitCode = 7;

    [Fact]
    public async Task Process_ends_with_its_own_exit_code_while_threads_compute()
    {
        for (var round = 0; round < 3; round++) // without care it crashes in four of five
        {
            var (exitCode, output) = await OtherProcess.RunAsync<ExitTests>(nameof(Ends_the_process));
            Assert.True(exitCode == ExitCode, output);
        }
    }

    [Fact(Explicit = true)]
    public void Ends_the_process()
    {
        using var computing = new CountdownEvent(4);
        for (var k = 0; k < computing.InitialCount; k++) new Thread(Compute) { IsBackground = true }.Start();
        computing.Wait(TestContext.Current.CancellationToken);
        Environment.Exit(ExitCode);

        void Compute()
        {
            for (var round = 0; ; round++)
            {
                using var scope = NewDisposeScope();
                nn.functional.conv2d(randn(1, 32, 32, 32), randn(32, 32, 3, 3)).flatten(2).softmax(-1).sum();
                if (round == 3) computing.Signal();
            }
        }
    }
}
