using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Agents.Logs;

/// <summary>Logging of a program into its file. Line form: time with zone, level, service, trace id, request id, tenant, object id, message.</summary>
/// <remarks>Tenant and object id come from scopes with the keys <c>TenantId</c> and <c>CommandId</c>, <c>TaskId</c>, <c>HostId</c> or <c>DiskId</c>. One event is one line: line breaks are written as <c>\n</c>.</remarks>
public sealed class FileLogging(LogFileOptions options, string service, TimeProvider time) : ILoggerProvider, ISupportExternalScope
{
    private static readonly string[] ObjectKeys = ["DiskId", "CommandId", "TaskId", "HostId"];
    private readonly LogFile file = new(options, time);
    private readonly ConcurrentDictionary<string, ILogger> loggers = new(StringComparer.Ordinal);
    private volatile int level = (int)options.Level;
    private IExternalScopeProvider? scopes;

    /// <summary>May be changed while the program runs.</summary>
    public LogLevel Level
    {
        get => (LogLevel)level;
        set => level = (int)value;
    }

    /// <summary>A factory with this file alone.</summary>
    public static ILoggerFactory Factory(FileLogging provider) => LoggerFactory.Create(l => l.SetMinimumLevel(LogLevel.Trace).AddProvider(provider));

    public ILogger CreateLogger(string categoryName) => loggers.GetOrAdd(categoryName, _ => new FileLogger(this));

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

    public void Dispose() => file.Dispose();

    private void Write(LogLevel at, string message, Exception? exception)
    {
        var (tenant, subject) = ("-", "-");
        scopes?.ForEachScope<object?>((scope, _) =>
        {
            if (scope is not IEnumerable<KeyValuePair<string, object>> values) return;
            foreach (var (key, value) in values)
            {
                if (key == "TenantId") tenant = $"{value}";
                else if (ObjectKeys.Contains(key)) subject = $"{value}";
            }
        }, null);
        var line = new StringBuilder(256)
            .Append(time.GetLocalNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz")).Append(' ').Append(Word(at)).Append(' ').Append(service).Append(' ')
            .Append(Activity.Current?.TraceId.ToString() ?? "-").Append(' ').Append(Activity.Current?.SpanId.ToString() ?? "-").Append(' ')
            .Append(tenant).Append(' ').Append(subject).Append(' ').Append(message);
        if (exception is not null) line.Append(" | ").Append(exception);
        file.Write(line.Replace("\r", "").Replace("\n", "\\n").ToString());
    }

    private static string Word(LogLevel at) => at switch { LogLevel.Trace or LogLevel.Debug => "DEBUG", LogLevel.Information => "INFO", LogLevel.Warning => "WARN", _ => "ERROR" };

    private sealed class FileLogger(FileLogging owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => owner.scopes?.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && logLevel >= owner.Level;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) owner.Write(logLevel, formatter(state, exception), exception);
        }
    }
}
