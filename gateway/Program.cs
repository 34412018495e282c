return await HyperBdr.Gateway.GatewayHost.RunAsync(args);
