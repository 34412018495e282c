using HyperBdr.S3Block.Commands;

return await CommandLine.RunAsync(args, Console.Out, Console.Error);
