using HyperBdr.Agents.Settings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace HyperBdr.Agents.Tests;

public sealed class SettingsTests : IDisposable
{
    private static readonly Setting<long> Level = Settings.Settings.Number("system", "log_level", 1, 0, 3);
    private static readonly Setting<bool> Multi = Settings.Settings.Bool("system", "multi_srv", true);
    private static readonly Setting<string> Secret = Settings.Settings.Secret("system", "password");
    private static readonly Setting<string> Address = Settings.Settings.Url("system", "server", "", required: true, "wss");
    private static readonly IReadOnlyList<Setting> All = [Level, Multi, Secret, Address];
    private readonly string folder = Directory.CreateTempSubdirectory("hyperbdr-settings-").FullName;

    private string File => Path.Combine(folder, "a.ini");

    private string KeyFile => Path.Combine(folder, "install.key");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("[a]\nk = v\n", "v")]
    [InlineData("\uFEFF[a]\r\nk=v\r\n", "v")]
    [InlineData("[a]\nk = v # why\n", "v")]
    [InlineData("[a]\nk = v;w\n", "v;w")]
    [InlineData("[a]\nk = \"v # w\"\n", "v # w")]
    [InlineData("[a]\nk =\n", "")]
    [InlineData("[a]\nk = # nothing\n", "")]
    [InlineData("[a]\nk = 1\nk = 2\n", "2")]
    [InlineData("[b]\nk = 1\n[a]\nk = 2\n[b]\nk = 3\n", "2")]
    [InlineData("k = 1\n[a]\n;k = 2\n", null)]
    [InlineData("[a]\nK = 1\n", null)]
    [InlineData("[a]\nk = a=b\n", "a=b")]
    public void A_value_is_what_stands_between_sign_and_comment(string text, string? value) => IniDocument.Parse(text).Get("a", "k").ShouldBe(value);

    [Fact]
    public void Changing_a_value_keeps_every_other_byte()
    {
        const string text = "# head\n[system]\n log_level = 1  # 0 to 3\n\nno line of ours\n[other]\nkept = yes\n";
        var document = IniDocument.Parse(text);
        document.Strange.ShouldBe([5]);
        document.LineOf("System", "LOG_LEVEL").ShouldBe(3);
        document.Set("system", "log_level", "2");
        document.Set("other", "added", "a # b");
        document.ToString().ShouldBe("# head\n[system]\nlog_level = 2 # 0 to 3\n\nno line of ours\n[other]\nkept = yes\nadded = \"a # b\"\n");
        IniDocument.Parse(document.ToString()).Get("other", "added").ShouldBe("a # b");
    }

    [Fact]
    public void Every_wrong_value_refuses_the_start_and_is_named_with_its_line()
    {
        Write("[system]\nlog_level = 9\nmulti_srv = perhaps\nserver = http://console\n");
        var refused = Should.Throw<SettingsException>(() => Open());
        refused.Message.Split('\n').ShouldBe(
        [
            $"{File} line 2: [system] log_level = 9 is not allowed; allowed: a whole number from 0 to 3.",
            $"{File} line 3: [system] multi_srv = perhaps is not allowed; allowed: true or false.",
            $"{File} line 4: [system] server = http://console is not allowed; allowed: a URL that begins with wss://.",
        ]);
        Write("[system]\n");
        Should.Throw<SettingsException>(() => Open()).Message.ShouldContain("[system] server is missing");
        System.IO.File.WriteAllBytes(File, [0xFF, 0xFE, 0x00]);
        Should.Throw<SettingsException>(() => Open()).Message.ShouldContain("is not UTF-8 text");
    }

    [Fact]
    public void A_plain_secret_is_sealed_where_it_stands_and_opens_only_there_and_with_this_key()
    {
        Write("[system]\nserver = wss://c/d\npassword = hunter2 # given\nunknown = kept\n");
        Open().Get(Secret).ShouldBe("hunter2");
        var text = System.IO.File.ReadAllText(File);
        text.ShouldNotContain("hunter2");
        text.ShouldContain("password = enc:");
        text.ShouldContain("unknown = kept");
        System.IO.File.GetUnixFileMode(File).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        System.IO.File.GetUnixFileMode(KeyFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Open().Get(Secret).ShouldBe("hunter2");
        System.IO.File.ReadAllText(File).ShouldBe(text);

        System.IO.File.Delete(KeyFile);
        var refused = Should.Throw<SettingsException>(() => Open());
        refused.Message.ShouldContain("[system] password is sealed by another installation or damaged");
        refused.Message.ShouldNotContain("hunter2");
    }

    [Fact]
    public void A_changed_file_acts_and_what_is_wrong_in_it_keeps_its_last_good_value()
    {
        Write("[system]\nserver = wss://c/d\nlog_level = 2\n");
        var lines = new Lines();
        var settings = SettingsFile.Open(File, All, InstallKey.Open(KeyFile), lines);
        Write("[system]\nserver = wss://other/d\nlog_level = loud\n");
        settings.Reload().ShouldBe([Address]);
        settings.Get(Address).ShouldBe("wss://other/d");
        settings.Get(Level).ShouldBe(2);
        lines.All.ShouldContain(l => l.Contains("line 3: [system] log_level = loud is not allowed", StringComparison.Ordinal));
        Write("[system]\nserver = wss://other/d\n");
        settings.Reload().ShouldBe([Level]);
        settings.Get(Level).ShouldBe(1);
    }

    private void Write(string text) => System.IO.File.WriteAllText(File, text);

    private SettingsFile Open() => SettingsFile.Open(File, All, InstallKey.Open(KeyFile), NullLogger.Instance);

    private sealed class Lines : ILogger
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => All.Add(formatter(state, exception));
    }
}
