using System.Globalization;
using Google.Protobuf;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Features.Link;
using HyperBdr.Porter.Features.Machines;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HyperBdr.Porter.Features.Commands;

/// <summary>Keeps a command for a machine; from then on it is not lost. Repeating an id changes nothing.</summary>
internal static class SendCommand
{
    public static readonly Error MachineGone = new(ErrorKind.Conflict, "porter.machine.not_served", "This machine is revoked or in quarantine and takes no commands.");
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(7);
    private const int MaxBytes = 512 * 1024;

    internal sealed class Handler(PorterDb db, CallContext call, Envelope envelope, LinkRegistry links, CommandBoard board, TimeProvider time)
    {
        public async Task<Result<MachineCommand>> HandleAsync(Guid machineId, Command command, CancellationToken ct)
        {
            var now = time.GetUtcNow();
            if (!Guid.TryParse(command.Id, CultureInfo.InvariantCulture, out var id) || command.BodyCase == Command.BodyOneofCase.None || command.ExpiresAt is null || command.CalculateSize() > MaxBytes) return MachineCommand.NotAcceptable;
            if (await FindAsync(id, ct) is { } known) return known.MachineId == machineId ? known : MachineCommand.IdTaken;
            if (command.ExpiresAt.ToDateTimeOffset() is var end && (end <= now || end > now + LongestLife)) return MachineCommand.NotAcceptable;
            if (await db.Machines.AsNoTracking().SingleOrDefaultAsync(m => m.Id == machineId, ct) is not { } machine) return GetMachine.NotFound;
            if (!machine.IsServed) return MachineGone;

            var row = Add(machineId, id, command, now);
            var stopped = command.BodyCase == Command.BodyOneofCase.StopSync ? await StopAsync(machineId, command.StopSync, now, ct) : null;
            try
            {
                await db.SaveChangesAsync(ct);
            }
            catch (DbUpdateConcurrencyException)
            {
                // What is to be stopped was received at this moment.
                db.ChangeTracker.Clear();
                return await HandleAsync(machineId, command, ct);
            }
            catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
            {
                // The same call, twice at once; or the id of another tenant.
                db.ChangeTracker.Clear();
                return await FindAsync(id, ct) is { } first && first.MachineId == machineId ? first : MachineCommand.IdTaken;
            }

            links.Wake(machineId);
            if (stopped is not null) board.Changed(stopped.Id, ended: true);
            return row;
        }

        /// <summary>Adds a command of the console's own; the caller saves and wakes the stream.</summary>
        public Guid Add(Guid machineId, Command command, TimeSpan life)
        {
            var (id, now) = (Guid.CreateVersion7(), time.GetUtcNow());
            command.Id = id.ToString();
            command.ExpiresAt = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(now + life);
            Add(machineId, id, command, now);
            return id;
        }

        private MachineCommand Add(Guid machineId, Guid id, Command command, DateTimeOffset now)
        {
            var row = new MachineCommand
            {
                Id = id,
                TenantId = call.TenantId,
                MachineId = machineId,
                Kind = Command.Descriptor.FindFieldByNumber((int)command.BodyCase).Name,
                SealedPayload = envelope.Seal(Convert.ToBase64String(command.ToByteArray()), Delivery.ContextOf(id)),
                CreatedAt = now,
                ExpiresAt = command.ExpiresAt.ToDateTimeOffset(),
            };
            db.Commands.Add(row);
            return row;
        }

        private Task<MachineCommand?> FindAsync(Guid id, CancellationToken ct) => db.Commands.AsNoTracking().SingleOrDefaultAsync(c => c.Id == id, ct);

        /// <summary>What the machine does not have yet is stopped here; the stop is sent all the same, since it may be on its way.</summary>
        private async Task<MachineCommand?> StopAsync(Guid machineId, StopSync stop, DateTimeOffset now, CancellationToken ct)
        {
            if (!Guid.TryParse(stop.CommandId, CultureInfo.InvariantCulture, out var target)) return null;
            var waiting = await db.Commands.SingleOrDefaultAsync(c => c.Id == target && c.MachineId == machineId && c.State == CommandState.Waiting, ct);
            waiting?.Finish(OpenCommands.Refusal(target, MachineCommand.StoppedCode, "It was stopped before the machine had it."), now);
            return waiting;
        }
    }
}
