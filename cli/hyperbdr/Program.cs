using HyperBdr.Cli;

return await CommandLine.RunAsync(args, Io.Process());
