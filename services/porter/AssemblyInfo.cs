[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("HyperBdr.Porter.Tests")]
