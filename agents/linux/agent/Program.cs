using HyperBdr.LinuxAgent.Cli;

return await EntryPoint.RunAsync(args);
