"""What ./run measured, as the Markdown of docs/benchmarks.md."""


def tables(rows):
    out = []
    for server in dict.fromkeys(row["server"] for row in rows):
        mine = [row for row in rows if row["server"] == server]
        base = next((row for row in mine if row["subject"] == "controller-runtime"), None)

        def ratio(row, value):
            return f" ({value(row) / value(base):.2f})" if base and row is not base and value(base) else ""

        out += [f"\n**{server}** (JSON list of {mine[0]['list MB']:.1f} MB)\n",
                "| | steady MiB | peak MiB | of it anonymous | synced s | curl's list s | curl's streaming list s | busy until s | CPU s to synced | read MB |",
                "|---|---|---|---|---|---|---|---|---|---|"]
        for row in mine:
            cells = [row["subject"]]
            for value, digits in ((lambda r: r["steady"]["rss"], 1), (lambda r: r["steady"]["peak"], 1),
                                  (lambda r: r["steady"]["anon"], 1), (lambda r: r["synced s"], 2),
                                  (None, 2), (lambda r: r["cpu to synced s"], 2), (lambda r: r["read MB"], 1)):
                if value is None:  # read just before, in the same moment's load
                    cells += [f"{row['curl list s']:.2f}", f"{row['curl stream s']:.2f}", f"{row['busy until s']:.0f}"]
                    continue
                cells.append(f"{value(row):.{digits}f}{ratio(row, value)}")
            out.append("| " + " | ".join(cells) + " |")
        marked = [row for row in mine if row.get("marks")]
        if marked:
            out += ["", "| detect to commit, ms | p50 | p99 | bare PATCH p50 | p99 | serial GET and PATCH p50 | p99 | lost |",
                    "|---|---|---|---|---|---|---|---|"]
        for row in marked:
            m = row["marks"]
            out.append("| " + " | ".join([row["subject"]] + [f"{m[k][q]:.2f}" for k in ("commit", "patch", "get+patch")
                                                             for q in ("p50", "p99")] + [str(m["lost"])]) + " |")
        churned = [row for row in mine if row.get("churn")]
        if churned:
            out += ["", f"| 20 changes/s for {churned[0]['churn']['seconds']} s | before MiB | after MiB | CPU ms/s |", "|---|---|---|---|"]
        for row in churned:
            c = row["churn"]
            out.append(f"| {row['subject']} | {c['before']['rss']:.1f} | {c['after']['rss']:.1f} | {c['cpu ms/s']:.1f} |")
    return "\n".join(out)


def targets(rows):
    """The numbers of the design beside what was measured; MB are 10^6 bytes there."""
    out = ["\n| target | " + " | ".join(("server", "operator", "watch_bench")) + " |", "|---|---|---|---|"]

    def line(target, server, value):
        cells = []
        for name in ("operator", "watch_bench"):
            row = next((r for r in rows if r["server"] == server and r["subject"] == name), None)
            cells.append((value(row) if row else None) or "")
        if any(cells):
            out.append(f"| {target} | {server} | {cells[0]} | {cells[1]} |")

    def megabytes(kind):
        return lambda row: f"{row['steady'][kind] * 1.048576:.1f} MB"

    for server in dict.fromkeys(row["server"] for row in rows):
        pods = next(row["pods"] for row in rows if row["server"] == server)
        if pods == 10_000:
            line("steady <= 25 MB", server, megabytes("rss"))
            line("peak <= 40 MB", server, megabytes("peak"))
        if pods == 150_000:
            line("peak <= 250 MB", server, megabytes("peak"))
        line("synced no later than curl's list", server,
             lambda row: f"{row['synced s']:.2f} s, curl {row['curl list s']:.2f} s, "
                          f"and as a streaming list {row['curl stream s']:.2f} s")
        line("detect to commit: p99 within 2 ms of a bare PATCH", server, lambda row: row.get("marks") and
             f"{row['marks']['commit']['p99'] - row['marks']['patch']['p99']:+.1f} ms; within that of GET and PATCH "
             f"{row['marks']['commit']['p99'] - row['marks']['get+patch']['p99']:+.1f} ms")
        line("no growth over churn", server, lambda row: row.get("churn") and
             f"{(row['churn']['after']['rss'] - row['churn']['before']['rss']) * 1.048576:+.1f} MB")
    return "\n".join(out)
