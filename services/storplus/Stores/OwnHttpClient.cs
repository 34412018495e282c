using Amazon.Runtime;

namespace HyperBdr.Storplus.Stores;

/// <summary>Hands the SDK our guarded client and keeps its lifetime with us.</summary>
internal sealed class OwnHttpClient(HttpClient http) : HttpClientFactory
{
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => http;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public override string? GetConfigUniqueString(IClientConfig clientConfig) => null;
}
