namespace HyperBdr.AppHost.Processes.Commands;

/// <summary>Where to go, and at the very first start with which password.</summary>
internal static class Welcome
{
    /// <summary>The password is shown once: identity left it in a file for this, and the file is deleted here. No log gets it.</summary>
    public static async Task WriteAsync(Home home, string console, TextWriter output)
    {
        await output.WriteLineAsync($"HyperBdr is healthy.{(console.Length > 0 ? $" Console: {console}" : "")}");
        if (!File.Exists(home.FirstAdminPassword)) return;
        var password = (await File.ReadAllTextAsync(home.FirstAdminPassword)).Trim();
        await output.WriteLineAsync($"First sign-in: user admin, password {password} (shown only now; it must be changed at the first sign-in)");
        await output.FlushAsync();
        File.Delete(home.FirstAdminPassword);
    }
}
