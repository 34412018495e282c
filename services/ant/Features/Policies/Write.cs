using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HyperBdr.Ant.Features.Policies;

/// <summary>Creates, changes, switches and deletes policies. Changes count from the next tick; a running sync follows new windows within a minute.</summary>
internal static class Write
{
    public static void Map(RouteGroupBuilder policies)
    {
        policies.MapPost("/", async (PolicyForm body, Handler handler, CancellationToken ct) =>
                (await handler.CreateAsync(body, ct)).ToHttp(r => TypedResults.Created($"/api/v1/ant/policies/{r.Id}", r)))
            .WithName("ant.policies.create").Produces<PolicyView>(StatusCodes.Status201Created).ProducesProblem(400).ProducesProblem(409).RequirePermission(Permissions.PoliciesWrite);
        policies.MapPut("/{id:guid}", async (Guid id, PolicyForm body, Handler handler, CancellationToken ct) => (await handler.UpdateAsync(id, body, ct)).ToHttp())
            .WithName("ant.policies.update").Produces<PolicyView>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.PoliciesWrite);
        policies.MapPost("/{id:guid}/enable", async (Guid id, Handler handler, CancellationToken ct) => (await handler.SwitchAsync(id, true, ct)).ToHttp())
            .WithName("ant.policies.enable").Produces<PolicyView>().ProducesProblem(404).RequirePermission(Permissions.PoliciesWrite);
        policies.MapPost("/{id:guid}/disable", async (Guid id, Handler handler, CancellationToken ct) => (await handler.SwitchAsync(id, false, ct)).ToHttp())
            .WithName("ant.policies.disable").Produces<PolicyView>().ProducesProblem(404).RequirePermission(Permissions.PoliciesWrite);
        policies.MapDelete("/{id:guid}", async (Guid id, Handler handler, CancellationToken ct) => (await handler.DeleteAsync(id, ct)).ToHttp())
            .WithName("ant.policies.delete").Produces(StatusCodes.Status204NoContent).ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.PoliciesWrite);
    }

    internal sealed class Handler(AntDb db, CallContext call, TimeProvider time)
    {
        public async Task<Result<PolicyView>> CreateAsync(PolicyForm body, CancellationToken ct)
        {
            var form = CheckedPolicy.Of(body);
            if (form.IsError) return form.Error;
            var now = time.GetUtcNow();
            var policy = Policy.Create(call.TenantId, form.Value, now);
            call.Record?.Concerns("policy", policy.Id, policy.Name);
            db.Policies.Add(policy);
            db.Add(PolicyViews.Changed(policy, "created", call.Caller.Name, now));
            return await SaveAsync(ct) is { } error ? error : PolicyView.Of(policy, hosts: 0, now);
        }

        public async Task<Result<PolicyView>> UpdateAsync(Guid id, PolicyForm body, CancellationToken ct)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            if (await LockAsync(id, ct) is not { } policy) return Policy.NotFound;
            if (body.Direction is { } direction && direction != policy.Direction) return Policy.DirectionFixed;
            var form = CheckedPolicy.Of(body);
            if (form.IsError) return form.Error;
            policy.Change(form.Value, time.GetUtcNow());
            return await EndAsync(policy, "updated", transaction, ct);
        }

        public async Task<Result<PolicyView>> SwitchAsync(Guid id, bool on, CancellationToken ct)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            if (await LockAsync(id, ct) is not { } policy) return Policy.NotFound;
            if (on) policy.Enable(time.GetUtcNow());
            else policy.Disable();
            return await EndAsync(policy, on ? "enabled" : "disabled", transaction, ct);
        }

        public async Task<Result<Done>> DeleteAsync(Guid id, CancellationToken ct)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            if (await LockAsync(id, ct) is not { } policy) return Policy.NotFound;
            if (await db.Hosts.AnyAsync(h => h.PolicyId == id, ct)) return Policy.InUse;
            db.Policies.Remove(policy);
            db.Add(PolicyViews.Changed(policy, "deleted", call.Caller.Name, time.GetUtcNow()));
            if (await SaveAsync(ct) is { } error) return error;
            await transaction.CommitAsync(ct);
            return Done.Instance;
        }

        private async Task<Result<PolicyView>> EndAsync(Policy policy, string change, Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction transaction, CancellationToken ct)
        {
            var now = time.GetUtcNow();
            db.Add(PolicyViews.Changed(policy, change, call.Caller.Name, now));
            if (await SaveAsync(ct) is { } error) return error;
            await transaction.CommitAsync(ct);
            return (await db.WithHostsAsync([policy], now, ct))[0];
        }

        private async Task<Policy?> LockAsync(Guid id, CancellationToken ct)
        {
            await db.Database.ExecuteSqlAsync($"select id from policies where id = {id} for update", ct);
            var policy = await db.Policies.SingleOrDefaultAsync(p => p.Id == id, ct);
            if (policy is not null) call.Record?.Concerns("policy", policy.Id, policy.Name);
            return policy;
        }

        /// <summary>Another policy of this name, or a host attached at this moment, is a refusal and no fault.</summary>
        private async Task<Error?> SaveAsync(CancellationToken ct)
        {
            try
            {
                await db.SaveChangesAsync(ct);
                return null;
            }
            catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: AntDb.PolicyNameIndex })
            {
                return Policy.NameConflict;
            }
            catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation })
            {
                return Policy.InUse;
            }
        }
    }
}
