using System.Diagnostics;
using System.Globalization;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Farm.Soak.Audit;
using StableDiffusion.Farm.Soak.Faults;
using StableDiffusion.Farm.Trials;

namespace StableDiffusion.Farm.Soak;

/// <summary>
/// A farm of real processes on real servers, under load, while one part of it after another fails and every message comes twice. In
/// the end the same is asked for once more and nothing fails; then everything the farm has is looked through.
/// </summary>
internal sealed class FarmSoak(SoakSettings settings, Action<string> tell)
{
    private readonly Stopwatch clock = Stopwatch.StartNew();

    /// <summary>Runs it; true when all is well.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("farm-soak-").FullName;
        Say($"seed {settings.Seed}; logs in {folder}/logs");
        await using var servers = await FarmServers.StartAsync(s3: true, durable: false, cancellationToken);
        await using var farm = await TrialFarm.CreateAsync(
            servers, folder, new Dictionary<string, string> { ["Keeping__SweepGrace"] = $"{SoakSettings.SweepGrace}" }, cancellationToken);
        await StartAsync(farm, SoakSettings.Times.Image, cancellationToken);
        Say($"{SoakSettings.Coordinators} coordinators and {SoakSettings.Workers} workers run");

        var submissions = new Submissions(farm, new Random(settings.Seed));
        await WithFaultsAsync(farm, submissions, cancellationToken);
        var openAfterFaults = await EndAsync(farm, SoakSettings.LongestEnd, cancellationToken);
        Say("the same once more, without faults");
        var again = DateTimeOffset.UtcNow;
        await submissions.RepeatAsync(cancellationToken);
        var openInTheEnd = await EndAsync(farm, SoakSettings.LongestEnd + (2 * settings.Duration), cancellationToken); // as much as was asked for meanwhile
        var idle = await farm.IdleSinceAsync(again, cancellationToken);

        var superseded = (await FarmAudit.RunAsync(farm, cancellationToken)).Superseded;
        await Task.Delay(SoakSettings.SweepGrace, cancellationToken);
        var sweep = await farm.Coordinators.Values.First().SweepAsync(cancellationToken);
        var report = await FarmAudit.RunAsync(farm, cancellationToken);
        string[] left = report.Superseded == 0 && sweep.Missing == 0 ? [] : [$"a sweep left {report.Superseded} objects of attempts that were given up, and misses {sweep.Missing}"];
        string[] lost = [.. (await farm.MissingAsync(submissions.Accepted.Select(batch => batch.Id), cancellationToken)).Select(id => $"confirmed batch {id} is not there")];
        string[] failed = report.Ends.TryGetValue("failed", out var count) ? [$"{count} images failed"] : [];
        string[] late = [.. new[] { openAfterFaults, openInTheEnd }.Where(open => open != 0).Select(open => $"{open?.ToString(CultureInfo.InvariantCulture) ?? "unknown many"} images were not at their ends in time")];
        string[] stuck = [.. idle.Select(worker => $"{worker} runs, and drew nothing of what was asked for without faults")];
        string[] faults = [.. report.Faults, .. lost, .. failed, .. left, .. late, .. stuck, .. submissions.Faults];
        Say($"{submissions.Accepted.Count} batches, {string.Join(", ", report.Ends.Select(end => $"{end.Value} images {end.Key}"))}, {submissions.Refusals} requests sent again; {superseded} objects of attempts that were given up, which a sweep removed");
        foreach (var fault in faults)
        {
            Say($"FAULT: {fault}");
        }

        Say(faults.Length == 0 ? $"all is well (seed {settings.Seed})" : $"{faults.Length} kinds of faults (seed {settings.Seed}); logs in {folder}/logs");
        if (faults.Length == 0)
        {
            await farm.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }

        return faults.Length == 0;
    }

    private static async Task StartAsync(TrialFarm farm, TimeSpan image, CancellationToken cancellationToken)
    {
        for (var i = 0; i < SoakSettings.Coordinators; i++)
        {
            await farm.StartCoordinatorAsync(cancellationToken);
        }

        for (var i = 0; i < SoakSettings.Workers; i++)
        {
            farm.StartWorker(image);
        }

        await farm.WaitForWorkersAsync(cancellationToken);
    }

    private async Task WithFaultsAsync(TrialFarm farm, Submissions submissions, CancellationToken cancellationToken)
    {
        var random = new Random(settings.Seed);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var copies = await DoubleDeliveries.StartAsync(farm, SoakSettings.LatestCopy, new Random(settings.Seed), cancellationToken);
        var submitting = submissions.RunAsync(over.Token);
        var faults = new List<Fault>();
        for (var end = clock.Elapsed + settings.Duration; clock.Elapsed < end;)
        {
            await Task.Delay(SoakSettings.MostPeace * random.NextDouble(), cancellationToken);
            if (faults.Count == 0)
            {
                faults.AddRange(Fault.All); // each comes as often as any other
            }

            var fault = faults[random.Next(faults.Count)];
            faults.Remove(fault);
            var what = await fault.StrikeAsync(farm, SoakSettings.Times, random, cancellationToken);
            Say($"{fault.Name}: {what}; {submissions.Accepted.Count} batches accepted, {(await farm.TryCountOpenAsync(cancellationToken))?.ToString(CultureInfo.InvariantCulture) ?? "?"} images open, {copies.Copies} messages came twice");
        }

        await over.CancelAsync();
        await submitting;
    }

    private async Task<int?> EndAsync(TrialFarm farm, TimeSpan longest, CancellationToken cancellationToken)
    {
        var waiting = Stopwatch.StartNew();
        var open = await farm.WaitForEndAsync(longest, cancellationToken);
        Say(open == 0 ? $"all images are at their ends after {waiting.Elapsed.TotalSeconds:0} s" : $"{open} images are still open after {waiting.Elapsed.TotalMinutes:0} minutes");
        return open;
    }

    private void Say(string what) => tell($"{clock.Elapsed:hh\\:mm\\:ss}  {what}");
}
