"""The annual statements of a year for every donor, against bare Typst that lays out the same data with the same
template. Processor time of each, since other work would lengthen the clock's; memory at two sizes shows whether it is
flat. STATEMENTS_SUPPORTERS are the sizes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.data import filled
from tests.benchmarks.harness import ROOT, Result, bench, environment, workplace

SIZES = [int(size) for size in os.environ.get("STATEMENTS_SUPPORTERS", "2000,20000").split(",")]
YEAR = 2025
_RUN = "import sys; from tests.benchmarks import statements; getattr(statements, sys.argv[1])(*sys.argv[2:])"


@bench("giving.statements")
def statements() -> list[Result]:
    results = []
    for size in SIZES:
        directory = filled(size)
        with workplace() as out:
            _apart(directory, "gather", str(out / "data"))
            ours, floor = _apart(directory, "ours"), _apart(directory, "bare", str(out / "data"), str(out / "pdf"))
        if ours["made"] != floor["made"] or not ours["made"]:
            raise RuntimeError(f"{ours['made']} statements against {floor['made']}")
        results.append(
            Result(
                job=f"giving.statements, {ours['made']:.0f}", ours=round(ours["busy"], 1), unit="s cpu", aim="≤ 1.5",
                floor=round(floor["busy"], 1), peak_mb=round(ours["peak"]),
            )
        )  # fmt: skip
    return results


def _apart(directory: Path, name: str, *arguments: str) -> dict[str, float]:
    """Run one of the functions below in a process of its own; what it measured."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _RUN, name, *arguments], cwd=ROOT, env=environment(directory, WORKER="no"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _tell(made: int, busy: float) -> None:
    from tests.benchmarks.harness import peak_mb

    print(json.dumps({"made": made, "busy": busy, "peak": peak_mb(os.getpid()) or 0}))


def ours() -> None:
    """A whole run: noted, written sealed and durably, without the rests it takes for the sake of donors."""
    from time import process_time

    from app import create_app
    from app.base.actor import system
    from app.extensions import now, writing
    from app.letters.statements import runs

    with create_app().app_context():
        start = process_time()
        with writing():
            run_id = runs.begin(YEAR, copies=True, actor=system("bench"), now=now())
        while runs.advance(run_id):
            pass
        _tell(runs.counted([run_id])[run_id].made, process_time() - start)


def gather(target: str) -> None:
    """The data of every statement, one to a line, for the floor."""
    from datetime import date

    from app import create_app
    from app.extensions import now
    from app.letters.statements import content, paper, runs
    from app.supporters.addressing import addressees

    start, end = date(YEAR, 1, 1), date(YEAR, 12, 31)
    with create_app().app_context(), open(target, "w", encoding="utf-8") as file:
        for donor in runs.donors(YEAR):
            said, to = content.gather([donor], start, end)[donor], addressees([donor])[donor]
            if not said.kept_cents:
                continue
            labels = paper.method_labels({line.method for line in said.lines}, to.language)
            made = paper.Made(0, donor)
            data = paper.statement(said, to, start, end, made, labels, now())
            file.write(json.dumps(data, ensure_ascii=False, sort_keys=True) + "\n")
    _tell(0, 0)


def bare(data: str, target: str) -> None:
    """One compiler with our fonts, one file for each line."""
    from time import process_time

    import font_source_sans_pro
    import font_source_serif_pro
    from typst import Compiler, Fonts

    from app.documents.pdf import TEMPLATES
    from app.letters.statements.paper import TEMPLATE

    folders = [font_source_sans_pro.font_directory, font_source_serif_pro.font_directory]
    fonts = Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    compiler, made, start = Compiler(root=str(TEMPLATES), font_paths=fonts), 0, process_time()
    Path(target).mkdir()
    with open(data, encoding="utf-8") as lines:
        for line in lines:
            made += 1
            Path(target, f"{made}.pdf").write_bytes(
                compiler.compile(
                    str(TEMPLATES / TEMPLATE), format="pdf", sys_inputs={"data": line},
                    pdf_standards=["a-2a", "ua-1"], timestamp=0,
                )
            )  # fmt: skip
    _tell(made, process_time() - start)
