using HyperBdr.Hbdr;

return await CommandLine.RunAsync(args, Io.Process());
