using System.Diagnostics;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Farm.Client;

namespace StableDiffusion.Farm.Embedded;

/// <summary>Finds the embedded farm, starts it in the background when none runs, and waits until it can draw.</summary>
internal static class FarmStarter
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10); // a large model from a slow disk

    private const int MostStarts = 2;

    /// <summary>The farm, once it is well and has a model; <paramref name="tell"/> is told what it still waits for.</summary>
    public static async Task<FarmClient> FindOrStartAsync(DataFolder data, Action<string> tell, CancellationToken cancellationToken)
    {
        Process? ours = null;
        int starts = 0;
        bool another = true; // had the lock since ours was started, which then ended for no fault of its own
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Longest; await Task.Delay(Pause, cancellationToken))
        {
            // in this order: ours has the lock for as long as it runs
            if (ours is not { HasExited: false } && !FarmRecord.IsLocked(data))
            {
                if (!another || starts == MostStarts)
                {
                    throw new FarmException($"the farm has ended:\n{LastOfLog(data)}");
                }

                ours?.Dispose();
                ours = FarmLauncher.Start(data);
                another = false;
                starts++;
            }

            FarmRecord? record = FarmRecord.Find(data);
            another |= record is not null && record.Pid != ours?.Id;
            if (record?.Url is not { } url)
            {
                tell("PostgreSQL starts");
                continue;
            }

            var farm = new FarmClient(url);
            if (await WhatIsMissingAsync(farm, data, cancellationToken) is not { } missing)
            {
                return farm;
            }

            farm.Dispose();
            tell(missing);
        }

        throw new FarmException($"the farm is not ready after {Longest.TotalMinutes:0} min; its log is {data.Log}:\n{LastOfLog(data)}");
    }

    private static async Task<string?> WhatIsMissingAsync(FarmClient farm, DataFolder data, CancellationToken cancellationToken)
    {
        if (!await farm.IsHealthyAsync(cancellationToken))
        {
            return "the coordinator starts";
        }

        if ((await farm.GetModelsAsync(cancellationToken)).Count > 0)
        {
            return null;
        }

        IReadOnlyList<WorkerResponse> workers = [.. (await farm.GetWorkersAsync(cancellationToken)).Where(worker => worker.Live)];
        return workers.Count == 0 || workers.Any(worker => worker.Loading || worker.Models.Count > 0)
            ? $"the worker loads its models from {data.Models}"
            : throw new FarmException(NoModel(data, [.. workers.SelectMany(worker => worker.Faults)]));
    }

    private static string NoModel(DataFolder data, IReadOnlyList<ModelFault> faults) => faults.Count == 0
        ? $"{data.Models} holds no model: put a diffusers folder (with a model_index.json) there, then ./farm down and start again"
        : $"none of the models in {data.Models} could be loaded; mend them, then ./farm down and start again:\n{string.Join('\n', faults.Select(fault => $"  {fault.Name}: {fault.Reason}"))}";

    /// <summary>What the farm said to its user before it ended, or else its last lines.</summary>
    private static string LastOfLog(DataFolder data)
    {
        if (!File.Exists(data.Log))
        {
            return $"nothing in {data.Log}";
        }

        string[] lines = File.ReadAllLines(data.Log);
        string[] said = [.. lines.Where(line => line.StartsWith("farm: ", StringComparison.Ordinal) && !line.Contains(FarmLock.RunsAlready, StringComparison.Ordinal))];
        return string.Join('\n', said.Length > 0 ? said : lines.TakeLast(10));
    }
}
