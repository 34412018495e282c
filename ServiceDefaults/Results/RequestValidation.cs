using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using HyperBdr.Contracts.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace HyperBdr.ServiceDefaults.Results;

/// <summary>Checks the arguments of every endpoint by their DataAnnotations; the problem names each field as the JSON does.</summary>
/// <remarks>
/// Not the framework's <c>AddValidation()</c>: its source generator sees only endpoints of the project that calls it, and it names fields
/// by their C# names. Attributes may stand on a property or on a positional record's parameter; a reference that is not nullable is required.
/// </remarks>
internal static class RequestValidation
{
    private static readonly ConcurrentDictionary<Type, Rule[]> RulesOf = new();

    private sealed record Rule(PropertyInfo Property, string Name, bool Required, ValidationAttribute[] Attributes);

    public static void Add(IEndpointConventionBuilder builder) => builder.AddEndpointFilterFactory((factory, next) =>
    {
        var checkedArguments = factory.MethodInfo.GetParameters().Where(p => IsOurs(p.ParameterType)).Select(p => p.Position).ToArray();
        return checkedArguments.Length == 0 ? next : async context =>
        {
            var problems = new Dictionary<string, string[]>(StringComparer.Ordinal);
            foreach (var position in checkedArguments)
            {
                if (context.Arguments[position] is { } argument) Check(argument, "", problems);
            }

            return problems.Count == 0 ? await next(context) : (CommonErrors.Validation with { Fields = problems }).ToHttp();
        };
    });

    private static void Check(object value, string path, Dictionary<string, string[]> problems)
    {
        foreach (var rule in RulesOf.GetOrAdd(value.GetType(), Read))
        {
            var name = path.Length == 0 ? rule.Name : $"{path}.{rule.Name}";
            var member = rule.Property.GetValue(value);
            if (member is null)
            {
                if (rule.Required) problems[name] = [$"The {rule.Name} field is required."];
                continue;
            }

            var context = new ValidationContext(value) { MemberName = rule.Property.Name, DisplayName = rule.Name };
            var faults = rule.Attributes.Select(a => a.GetValidationResult(member, context)).Where(r => r is not null).Select(r => r!.ErrorMessage ?? "Not valid.").ToArray();
            if (faults.Length > 0) problems[name] = faults;
            else if (IsOurs(member.GetType())) Check(member, name, problems);
        }
    }

    private static Rule[] Read(Type type)
    {
        var nullability = new NullabilityInfoContext();
        var parameters = type.GetConstructors().SelectMany(c => c.GetParameters()).ToLookup(p => p.Name, StringComparer.Ordinal);
        return type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetIndexParameters().Length == 0 && p.CanRead)
            .Select(p =>
            {
                var attributes = p.GetCustomAttributes<ValidationAttribute>()
                    .Concat(parameters[p.Name].SelectMany(c => c.GetCustomAttributes<ValidationAttribute>())).ToArray();
                var required = Array.Exists(attributes, a => a is RequiredAttribute) || (!p.PropertyType.IsValueType && nullability.Create(p).ReadState == NullabilityState.NotNull);
                return new Rule(p, JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name), required, attributes);
            })
            .Where(r => r.Required || r.Attributes.Length > 0 || IsOurs(r.Property.PropertyType))
            .ToArray();
    }

    /// <summary>Request records; never a handler, a framework type or a plain value.</summary>
    private static bool IsOurs(Type type) =>
        (type.IsClass || type.IsValueType) && !type.IsEnum && type.Namespace?.StartsWith("HyperBdr", StringComparison.Ordinal) == true
        && (type.GetMethod("<Clone>$") is not null || type is { IsValueType: true, IsPrimitive: false });
}
