[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("HyperBdr.Owl.Tests")]
[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("HyperBdr.Report.Tests")]
