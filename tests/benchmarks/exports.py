"""Exporting 500,000 gifts, against the least that could write the same file."""

from __future__ import annotations

import csv
import sqlite3
import sys

from tests.benchmarks.data import filled
from tests.benchmarks.harness import Result, bench, timed, workplace

SUPPORTERS = 100_000
PERIOD = ("--from", "2000-01-01", "--to", "2100-01-01")
_FLOOR = "import sys; from tests.benchmarks import exports; getattr(exports, sys.argv[1])(sys.argv[2], sys.argv[3])"
_ROWS = """
SELECT gift.id, gift.gift_date, gift.supporter_id, supporter.display_name,
       (SELECT min(email.address) FROM email WHERE email.supporter_id = gift.supporter_id AND email.is_primary),
       gift.amount_cents, gift.refunded_cents, gift.amount_cents - gift.refunded_cents, gift.state, gift.method,
       gift.rj_line, programme.name_nl, campaign.name_nl
FROM gift JOIN supporter ON supporter.id = gift.supporter_id LEFT JOIN programme ON programme.id = gift.programme_id
     LEFT JOIN campaign ON campaign.id = gift.campaign_id
ORDER BY gift.gift_date, gift.id
"""


@bench("export.gifts")
def export_gifts() -> list[Result]:
    directory = filled(SUPPORTERS)
    results = []
    with workplace() as out:
        for kind, aim in (("csv", "≤ 2"), ("xlsx", "≤ 1")):
            command = [sys.executable, "-m", "flask", "--app", "app", "export", "gifts", *PERIOD, "--format", kind]
            seconds, peak = timed([*command, "-o", str(out / f"ours.{kind}")], directory)
            database = str(directory / "draagvlak.db")
            bare, _ = timed(
                [sys.executable, "-c", _FLOOR, f"bare_{kind}", database, str(out / f"bare.{kind}")], directory
            )
            results.append(
                Result(
                    job=f"export.gifts.{kind}", ours=round(seconds, 2), floor=round(bare, 2), unit="s",
                    aim=f"{aim}", peak_mb=round(peak) if peak else None,
                )
            )  # fmt: skip
    return results


def bare_csv(database: str, target: str) -> None:
    """sqlite3 and csv, nothing else."""
    with open(target, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(sqlite3.connect(database).execute(_ROWS))


def bare_xlsx(database: str, target: str) -> None:
    """sqlite3 and XlsxWriter with constant memory."""
    import xlsxwriter

    book = xlsxwriter.Workbook(
        target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    for number, row in enumerate(sqlite3.connect(database).execute(_ROWS)):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    book.close()
