namespace HyperBdr.Gateway.Limits;

internal static class LimitHosting
{
    public static void AddLimits(this WebApplicationBuilder builder) => builder.Services.AddSingleton<AddressBudget>();
}
