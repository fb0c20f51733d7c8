using StableDiffusion.Farm.Commands;

return await CommandLine.RunAsync(args);
