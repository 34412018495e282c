// The system on one page. It is written against Aspire's hosting API; AppHost/Processes implements the same members
// over local processes, and the project file chooses which one runs it.
var builder = DistributedApplication.CreateBuilder(args);
var home = builder.Configuration["HYPERBDR_HOME"] ?? "/var/lib/hyperbdr";

// `aspire publish` writes for one target at a time: compose, or with `-- --Target kubernetes` a Helm chart.
if (builder.Configuration["Target"] is "kubernetes") builder.AddKubernetesEnvironment("kubernetes");
else builder.AddDockerComposeEnvironment("compose");

// Servers: a database per service, one broker, one cache.
var postgres = builder.AddPostgres("postgres", port: Port("postgres", 15432)).WithDataVolume();
var identityDb = postgres.AddDatabase("identitydb", "identity");
var porterDb = postgres.AddDatabase("porterdb", "porter");
var storplusDb = postgres.AddDatabase("storplusdb", "storplus");
var antDb = postgres.AddDatabase("antdb", "ant");
var owlDb = postgres.AddDatabase("owldb", "owl");
var reportDb = postgres.AddDatabase("reportdb", "report");
var rabbitmq = builder.AddRabbitMQ("rabbitmq", port: Port("rabbitmq", 15673)).WithDataVolume();
var redis = builder.AddRedis("redis", port: Port("redis", 16379));

// A step that every service waits for.
var migrations = builder.AddProject("migrations", "../services/migrations/HyperBdr.Migrations.csproj")
    .WithReference(identityDb).WithReference(porterDb).WithReference(storplusDb)
    .WithReference(antDb).WithReference(owlDb).WithReference(reportDb).WithReference(rabbitmq)
    .WaitFor(postgres).WaitFor(rabbitmq)
    .WithEnvironment("HYPERBDR_HOME", home);

// Services, with the other services that they call.
var identity = Service("identity", "HyperBdr.Identity", identityDb, 18900, 18901)
    .WithReference(redis).WaitFor(redis);
var porter = Service("porter", "HyperBdr.Porter", porterDb, 18766, 18768);
var storplus = Service("storplus", "HyperBdr.Storplus", storplusDb, 18765, 18764)
    .WithReference(porter);
var ant = Service("ant", "HyperBdr.Ant", antDb, 10082, 10083)
    .WithReference(porter).WithReference(storplus);
var owl = Service("owl", "HyperBdr.Owl", owlDb, 16700, 16701)
    .WithReference(redis).WaitFor(redis);
var report = Service("report", "HyperBdr.Report", reportDb, 18790, 18791)
    .WithReference(owl);

// The only process that other machines can reach; its own health is asked on loopback.
var gateway = builder.AddProject("gateway", "../gateway/HyperBdr.Gateway.csproj")
    .WithHttpsEndpoint(port: Port("console", 10443), name: "console", env: "CONSOLE_PORT", isProxied: false)
    .WithHttpsEndpoint(port: Port("portal", 30443), name: "portal", env: "PORTAL_PORT", isProxied: false)
    .WithHttpEndpoint(port: Port("gateway", 10080), name: "http", env: "HTTP_PORT", isProxied: false)
    .WithEndpoint("console", endpoint => endpoint.IsExternal = true)
    .WithEndpoint("portal", endpoint => endpoint.IsExternal = true)
    .WithHttpHealthCheck("/healthz/ready", endpointName: "http")
    .WithReference(identity).WithReference(porter).WithReference(storplus)
    .WithReference(ant).WithReference(owl).WithReference(report)
    .WaitFor(identity).WaitFor(porter).WaitFor(storplus).WaitFor(ant).WaitFor(owl).WaitFor(report)
    .WithEnvironment("HYPERBDR_HOME", home);

// Console and O&M portal: a development server of its own, and in the gateway's image the built files.
var web = builder.AddViteApp("web", "../web").WithReference(gateway);
gateway.PublishWithContainerFiles(web, "wwwroot");

builder.Build().Run();

IResourceBuilder<ProjectResource> Service(string name, string project, IResourceBuilder<PostgresDatabaseResource> database, int http, int grpc) =>
    builder.AddProject(name, $"../services/{name}/{project}.csproj")
        .WithHttpEndpoint(port: Port(name, http), name: "http", env: "HTTP_PORT")
        .WithHttpEndpoint(port: Port($"{name}_grpc", grpc), name: "grpc", env: "GRPC_PORT")
        .WithHttpHealthCheck("/healthz/ready", endpointName: "http")
        .WithReference(database).WithReference(rabbitmq)
        .WaitFor(postgres).WaitFor(rabbitmq)
        .WaitForCompletion(migrations)
        .WithEnvironment("HYPERBDR_HOME", home);

// Ports:Offset moves all ports together, Ports:<name> one of them.
int Port(string name, int standard) =>
    builder.Configuration.GetValue($"Ports:{name}", standard + builder.Configuration.GetValue("Ports:Offset", 0));
