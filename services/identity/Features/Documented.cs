using HyperBdr.Identity.Features.Compat;

namespace HyperBdr.Identity.Features;

/// <summary>What an endpoint answers, for the OpenAPI document.</summary>
internal static class Documented
{
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder endpoint, params int[] problems) => endpoint.With<T>(StatusCodes.Status200OK, problems);

    public static RouteHandlerBuilder Creates<T>(this RouteHandlerBuilder endpoint, params int[] problems) => endpoint.With<T>(StatusCodes.Status201Created, problems);

    public static RouteHandlerBuilder AnswersNothing(this RouteHandlerBuilder endpoint, params int[] problems) =>
        endpoint.Produces(StatusCodes.Status204NoContent).WithProblems(problems);

    /// <summary>The v2 envelope for success and fault.</summary>
    public static RouteHandlerBuilder AnswersCompat<T>(this RouteHandlerBuilder endpoint, params int[] faults) =>
        endpoint.Produces<CompatAnswer<T>>().CompatFaults(faults);

    public static RouteHandlerBuilder CompatFaults(this RouteHandlerBuilder endpoint, params int[] faults)
    {
        foreach (var status in faults) endpoint.Produces<CompatAnswer<object>>(status);
        return endpoint.ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static RouteHandlerBuilder With<T>(this RouteHandlerBuilder endpoint, int status, int[] problems) => endpoint.Produces<T>(status).WithProblems(problems);

    private static RouteHandlerBuilder WithProblems(this RouteHandlerBuilder endpoint, int[] problems)
    {
        foreach (var status in problems.Append(StatusCodes.Status503ServiceUnavailable)) endpoint.ProducesProblem(status);
        return endpoint;
    }
}
