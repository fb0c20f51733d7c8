// Torch's global generator and default types are one for the process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
