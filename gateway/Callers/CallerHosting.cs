namespace HyperBdr.Gateway.Callers;

internal static class CallerHosting
{
    public static void AddCallers(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Principals>();
        builder.Services.AddSingleton<SignedCalls>();
    }
}
