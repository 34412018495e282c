using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Features.Probes;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Pools;

/// <summary>Asks a sync gateway, through porter, for a bucket of one pool and its key. The key travels sealed to the pool: porter cannot read it.</summary>
internal sealed class GatewayLink(StorplusDb db, Machines.MachinesClient machines, Commands.CommandsClient commands, Envelope envelope, TimeProvider time)
{
    public static readonly Error NoGateway = new(ErrorKind.Validation, "storplus.pool.no_gateway", "This is not a cloud sync gateway that is registered here.");

    private const string Region = "us-east-1";
    private static readonly TimeSpan CommandLife = TimeSpan.FromMinutes(10);

    /// <summary>The private half of a new pool's key, as text.</summary>
    public static string NewReader()
    {
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }

    /// <summary>Null for a sync gateway of this tenant.</summary>
    public async Task<Error?> RefusalAsync(Guid machineId, CancellationToken ct)
    {
        try
        {
            var machine = await machines.GetMachineAsync(new GetMachineRequest { MachineId = machineId.ToString() }, cancellationToken: ct);
            return machine.Kind == MachineKind.SyncGateway ? null : NoGateway;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return NoGateway;
        }
    }

    /// <summary>Makes sure that the pool knows its gateway's address and has its bucket's key. Safe to repeat.</summary>
    /// <param name="commandId">Names the command, so that a repeated step waits for the same answer.</param>
    /// <returns>Null when it does; else what stands in the way.</returns>
    public async Task<ProbeOutcome?> AttachAsync(Guid poolId, Guid commandId, CancellationToken ct)
    {
        var pool = await db.Pools.SingleAsync(p => p.Id == poolId, ct);
        try
        {
            var machine = await machines.GetMachineAsync(new GetMachineRequest { MachineId = pool.GatewayId.ToString() }, cancellationToken: ct);
            if (machine.DataAddress.Length == 0) return Fail("gateway_address_missing", "The sync gateway has not said where it is reached: check its address in its settings.");
            var settings = new S3Settings(machine.DataAddress, Region, Pool.GatewayBucketOf(pool.Id), pool.S3?.AccessKey ?? "", UseTls: true, BucketLookup.Path);
            if (pool.SealedSecret is { } known)
            {
                if (pool.S3 != settings) pool.Attach(settings, known, pool.Authority);
            }
            else if (await AskAsync(pool, settings, commandId, ct) is { } refusal)
            {
                return refusal;
            }

            await db.SaveChangesAsync(ct);
            return null;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return Fail("gateway_unknown", "The sync gateway of this storage pool is no longer registered.");
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
        {
            return Fail("gateway_offline", "The registry of machines does not answer: check the storage pool again in a moment.");
        }
    }

    private async Task<ProbeOutcome?> AskAsync(Pool pool, S3Settings settings, Guid commandId, CancellationToken ct)
    {
        using var reader = ECDiffieHellman.Create();
        reader.ImportPkcs8PrivateKey(Convert.FromBase64String(envelope.Open(pool.SealedReader, Pool.ReaderContextOf(pool.Id))), out _);
        await commands.SendAsync(new SendCommandRequest
        {
            MachineId = pool.GatewayId.ToString(),
            Command = new Command
            {
                Id = commandId.ToString(), ExpiresAt = (time.GetUtcNow() + CommandLife).ToTimestamp(),
                MakeStorageKey = new MakeStorageKey { Bucket = settings.Bucket, ReaderKey = ByteString.CopyFrom(reader.ExportSubjectPublicKeyInfo()) },
            },
        }, cancellationToken: ct);
        if (await ResultAsync(commandId, ct) is not { } result) return Fail("gateway_offline", "The sync gateway does not answer: check that it runs and is connected.");
        if (!result.Ok || result.StorageKey is not { AccessKey.Length: > 0 and <= 128 } key) return Fail("gateway_refused", $"The sync gateway could not make a bucket ({result.Code}): {result.Message}");
        var secret = Encoding.UTF8.GetString(SealedToMachine.Open(reader, $"storage-key/{settings.Bucket}", key.SealedSecret.Span));
        pool.Attach(settings with { AccessKey = key.AccessKey }, envelope.Seal(secret, pool.SecretContext), key.Authority.IsEmpty ? null : key.Authority.ToByteArray());
        return null;
    }

    /// <summary>Null when the gateway is away, or the step's time is over before it answers.</summary>
    private async Task<CommandResult?> ResultAsync(Guid commandId, CancellationToken ct)
    {
        try
        {
            using var watch = commands.Watch(new WatchCommandRequest { CommandId = commandId.ToString() }, cancellationToken: ct);
            await foreach (var update in watch.ResponseStream.ReadAllAsync(ct))
            {
                if (update.Result is not null) return update.Result;
                if (!update.Connected && update.State is "waiting" or "expired") return null;
            }

            return null;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Cancelled)
        {
            ct.ThrowIfCancellationRequested();
            return null;
        }
    }

    private static ProbeOutcome Fail(string code, string message) => ProbeOutcome.Fail(code, message);
}
