using HyperBdr.Hmctl;

return await CommandLine.RunAsync(args, Io.Process(), CancellationToken.None);
