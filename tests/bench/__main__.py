"""`python -m tests.bench`: measure, and print each row with the limit beside it.

With `--json` the last line is one JSON object: {"rows": [{"name", "ours", "limit", "ratio",
"target", "better", "met"}]}.
"""

import argparse
import json
import sys

from rich.console import Console
from rich.table import Table

from tests.bench.rows import Row, measured, running


def main() -> None:
    """Measure everything, a minute or so."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the rows as JSON, last")
    arguments = parser.parse_args()
    progress = Console(stderr=True)
    rows: list[Row] = []
    with running() as bench, progress.status("measuring …"):
        for row in measured(bench):
            progress.print(f"{row.name}: {row.ratio:.2f} of the limit")
            rows.append(row)
    if arguments.json:
        sys.stdout.write(json.dumps({"rows": [row.as_json() for row in rows]}) + "\n")
    else:
        Console().print(table(rows))


def table(rows: list[Row]) -> Table:
    """The rows for a person."""
    made = Table("what", "ours", "limit", "ratio", "target", "")
    for column in made.columns[1:5]:
        column.justify = "right"
    for row in rows:
        sign = "≥" if row.better == "higher" else "≤"
        made.add_row(
            row.name,
            f"{row.ours:,.0f}{row.unit}" if row.ours >= 100 else f"{row.ours:,.2f}{row.unit}",
            f"{row.limit:,.0f}{row.unit}" if row.limit >= 100 else f"{row.limit:,.2f}{row.unit}",
            f"{row.ratio:.2f}",
            f"{sign} {row.target:g}",
            "met" if row.met else "not met",
        )
    return made


if __name__ == "__main__":
    main()
