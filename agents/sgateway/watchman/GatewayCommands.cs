using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using HyperBdr.Agents.Commands;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Watchman.Storage;
using HyperBdr.Watchman.Supervision;

namespace HyperBdr.Watchman;

/// <summary>What a sync gateway does for the console: buckets and their keys.</summary>
internal sealed class GatewayCommands(Gateway gateway, Supervisor supervisor, TimeProvider time) : ICommandHandler, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly SemaphoreSlim one = new(1);

    public async Task<CommandResult> ExecuteAsync(CommandRun run, CancellationToken ct)
    {
        if (run.Command.MakeStorageKey is not { } asked) return run.Failed("gateway.command.not_supported", "A sync gateway does not do this; it is for agents.");
        if (!StorageKeys.IsBucket(asked.Bucket)) return run.Failed("gateway.bucket.bad_name", $"'{asked.Bucket}' is no name of a bucket.");
        await one.WaitAsync(ct);
        try
        {
            return await MakeKeyAsync(run, asked, ct);
        }
        catch (TimeoutException)
        {
            return run.Failed("gateway.data_service.not_serving", $"s3block does not serve; see {gateway.Home.Logs} on the gateway.");
        }
        catch (IOException e)
        {
            return run.Failed("gateway.storage_key.failed", e.Message);
        }
        catch (CryptographicException e)
        {
            return run.Failed("gateway.storage_key.bad_reader", $"The reader's key cannot be used: {e.Message}");
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>A gateway has no settings that the console decides.</summary>
    public Task ApplyAsync(AgentSettings settings, CancellationToken ct) => Task.CompletedTask;

    public void Dispose() => one.Dispose();

    private async Task<CommandResult> MakeKeyAsync(CommandRun run, MakeStorageKey asked, CancellationToken ct)
    {
        await supervisor.ServingAsync(ct).WaitAsync(Patience, time, ct);
        var key = gateway.Keys.KeyOf(asked.Bucket);
        await gateway.Keys.RegisterAsync(key, ct);
        await gateway.Endpoint().MakeAsync(key, ct);
        if (!gateway.Settings.Get(GatewaySettings.BucketCreated)) gateway.Settings.Set(GatewaySettings.BucketCreated, "true");
        var result = run.Ok();
        result.StorageKey = new StorageKey
        {
            AccessKey = key.AccessKey,
            SealedSecret = ByteString.CopyFrom(SealedToMachine.Seal(asked.ReaderKey.Span, $"storage-key/{key.Bucket}", Encoding.UTF8.GetBytes(key.Secret))),
            Authority = gateway.Settings.Get(GatewaySettings.PlainHttp) ? ByteString.Empty : ByteString.CopyFrom(gateway.Certificate.Authority()),
        };
        return result;
    }
}
