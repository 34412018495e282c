using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Servers;

/// <summary>PostgreSQL, RabbitMQ or Redis: ends after all services, and has data that need time to be written.</summary>
internal interface IServer : IRunnable;
