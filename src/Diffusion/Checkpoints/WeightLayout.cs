namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>The weights of a network that lie in a tensor of a file: none where it is another's or holds no weight.</summary>
internal delegate IEnumerable<(string Name, WeightPlace Place)> WeightLayout(string key);
