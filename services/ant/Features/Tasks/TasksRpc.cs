using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Ant.V1;
using HyperBdr.ServiceDefaults.Results;
using TaskStep = HyperBdr.Contracts.Ant.V1.TaskStep;
using WireTask = HyperBdr.Contracts.Ant.V1.Task;

namespace HyperBdr.Ant.Features.Tasks;

/// <summary>gRPC <c>Tasks</c>: reading, for tools and other services.</summary>
internal sealed class TasksRpc(AntDb db) : Contracts.Ant.V1.Tasks.TasksBase
{
    public override async Task<WireTask> GetTask(GetTaskRequest request, ServerCallContext context) =>
        Guid.TryParse(request.TaskId, out var id) ? Of((await Read.GetAsync(db, id, context.CancellationToken)).OrRpc()) : throw DurableTask.NotFound.ToRpc();

    public override async Task<ListTasksResponse> ListTasks(ListTasksRequest request, ServerCallContext context)
    {
        var page = new PageQuery(request.Page == 0 ? null : request.Page, request.PageSize == 0 ? null : request.PageSize);
        var rows = (await Read.ListAsync(db, request.Status, type: null, sourceId: null, page, context.CancellationToken)).OrRpc();
        var answer = new ListTasksResponse { Total = rows.Total };
        answer.Tasks.AddRange(rows.Items.Select(Of));
        return answer;
    }

    private static WireTask Of(TaskView t)
    {
        var task = new WireTask
        {
            Id = t.Id.ToString(),
            Type = t.Type,
            Status = Words.Of(t.Status),
            SourceId = t.SourceId.ToString(),
            SourceName = t.SourceName,
            StartAt = t.StartAt.ToTimestamp(),
            EndAt = t.EndAt?.ToTimestamp(),
            ErrorDescription = t.ErrorDescription ?? "",
        };
        task.Steps.AddRange(t.Steps.Select(s => new TaskStep { Name = s.Name, Status = Words.Of(s.Status), Message = s.Message ?? "", StartAt = s.StartAt?.ToTimestamp(), EndAt = s.EndAt?.ToTimestamp() }));
        return task;
    }
}
