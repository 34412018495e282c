using System.Reflection;
using Google.Protobuf.Reflection;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using Shouldly;
using Xunit;

namespace HyperBdr.Contracts.Tests;

public sealed class ContractsStayAsAgreed
{
    private static readonly Assembly Contracts = typeof(IntegrationEvent).Assembly;

    [Fact]
    public void Events_keep_their_names_and_fields() => Golden.Matches("events.txt", Contracts.GetTypes()
        .Where(t => t.IsSubclassOf(typeof(IntegrationEvent)))
        .OrderBy(t => t.Name, StringComparer.Ordinal)
        .Select(t => $"{t.Name}: {string.Join(", ", t.GetProperties().OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => $"{p.Name} {NameOf(p)}"))}"));

    [Fact]
    public void Protocol_messages_keep_their_numbers_and_types() => Golden.Matches("protos.txt", Contracts.GetTypes()
        .Where(t => t.Name.EndsWith("Reflection", StringComparison.Ordinal))
        .Select(t => (FileDescriptor)t.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!)
        .OrderBy(f => f.Name, StringComparer.Ordinal)
        .SelectMany(Lines));

    [Fact]
    public void Error_codes_keep_their_kind() => Golden.Matches("errors.txt", AllErrors()
        .Select(e => $"{e.Code} {e.Kind}").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [Fact]
    public void An_error_code_means_one_thing()
    {
        AllErrors().GroupBy(e => e.Code, StringComparer.Ordinal).Where(g => g.Select(e => (e.Kind, e.Message)).Distinct().Count() > 1).Select(g => g.Key).ShouldBeEmpty();
    }

    [Fact]
    public void Roles_keep_their_permissions() => Golden.Matches("permissions.txt", Permissions.All
        .Select(p => $"{p}: {string.Join(' ', Roles.All.Where(r => Permissions.Allows(r, p)))}"));

    private static IEnumerable<Error> AllErrors() => new[] { "Contracts", "ServiceDefaults", "Ant", "Porter", "Storplus", "Owl", "Report", "Identity", "Gateway" }
        .SelectMany(a => Assembly.Load($"HyperBdr.{a}").GetTypes())
        .Where(t => !t.ContainsGenericParameters)
        .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        .Where(f => f.FieldType == typeof(Error))
        .Select(f => (Error)f.GetValue(null)!);

    private static string NameOf(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var optional = type != property.PropertyType || new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable;
        return type.Name + (optional ? "?" : "");
    }

    private static IEnumerable<string> Lines(FileDescriptor file) =>
    [
        .. file.Services.SelectMany(s => s.Methods.Select(m => $"{m.FullName}({m.InputType.FullName}) returns {(m.IsServerStreaming ? "stream " : "")}{m.OutputType.FullName}")),
        .. file.MessageTypes.SelectMany(MessageLines),
        .. file.EnumTypes.SelectMany(EnumLines),
    ];

    private static IEnumerable<string> MessageLines(MessageDescriptor message) =>
    [
        .. message.Fields.InFieldNumberOrder().Select(f => $"{message.FullName}.{f.Name} = {f.FieldNumber} {(f.IsRepeated ? "repeated " : "")}{f.FieldType}"),
        .. message.EnumTypes.SelectMany(EnumLines),
        .. message.NestedTypes.SelectMany(MessageLines),
    ];

    private static IEnumerable<string> EnumLines(EnumDescriptor type) => type.Values.Select(v => $"{type.FullName}.{v.Name} = {v.Number}");
}
