[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("HyperBdr.Report.Tests")]
