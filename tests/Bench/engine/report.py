"""Medians of the runs, and the table of them."""

import statistics

FIELDS = ("cpu", "user", "sys", "wall", "rss_mib", "stored_mib")


def medians(runs):
    """The median of every field that all runs have."""
    return {field: statistics.median(run[field] for run in runs) for field in FIELDS if all(field in run for run in runs)}


def ratio(value, other):
    return f"{value / other:.2f}" if value is not None and other else "–"


def best(results, tools, field):
    """The smallest value of a field among some tools, or None."""
    values = [results[tool][field] for tool in tools if tool in results and results[tool].get(field)]
    return min(values) if values else None


def table(summary):
    """Rows of text for {case: {tool: medians}}; a ratio below 1 is better than restic, or than the better borg."""
    form = "{:<12} {:<11} {:>8} {:>8} {:>8} {:>9} | {:>7} {:>7} | {:>7} {:>7} | {:>7} {:>7}"
    rows = [form.format("", "", "", "", "", "", "CPU", "", "wall", "", "stored", ""),
            form.format("case", "tool", "CPU s", "wall s", "RSS MiB", "MiB", *("/restic", "/borg") * 3)]
    for case, results in summary.items():
        # The peers know no change map, so a case with one stands beside theirs without.
        peer_results = summary.get(case.removesuffix("-map"), {})
        for tool, median in results.items():
            stored = median.get("stored_mib")
            ratios = []
            for field in ("cpu", "wall", "stored_mib"):
                for peers in (("restic",), ("borg-fixed", "borg-cdc")):
                    ratios.append(ratio(median.get(field), best(peer_results, peers, field)))
            rows.append(form.format(case, tool, f"{median['cpu']:.2f}", f"{median['wall']:.2f}", f"{median['rss_mib']:.0f}",
                                    "–" if stored is None else f"{stored:.1f}", *ratios))
    return "\n".join(rows)
