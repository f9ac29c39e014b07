"""A collection file of 100,000 debits: IBANs checked, signs written as banks carry them, read back, and validated
against the schema of ISO where it lies beside the repository; against a bare string writer of the same file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.harness import ROOT, Result, bench, environment, workplace

COUNT = 100_000
SCHEMA = ROOT.parent / "shared" / "schemas" / "pain.008.001.08.xsd"
_OURS = """
import json, resource, sys, time
from datetime import UTC, date, datetime
from app.direct_debit.pain.pain008 import Debit, Order, SequenceType, control, write
from tests.factories.debits import dutch_iban
count, path, schema = int(sys.argv[1]), sys.argv[2], sys.argv[3]
debits = [
    Debit(f"DON-{n}", 1500, f"M-{n}", date(2025, 1, 2), f"J. Jansen {n}", dutch_iban(n), "SVN gift december 2026")
    for n in range(1, count + 1)
]
order = Order(
    version="pain.008.001.08", message_id="M1", payment_information_id="P1",
    created_at=datetime(2026, 12, 10, 11, tzinfo=UTC), collect_on=date(2026, 12, 15), sequence=SequenceType.RCUR,
    count=count, cents=1500 * count, name="Stichting Voorbeeld", iban=dutch_iban(7), bic=None,
    creditor_id="NL08ZZZ502057730000",
)
def floor():
    with open(path + ".bare", "w") as file:
        for d in debits:
            file.write(
                f'<DrctDbtTxInf><PmtId><EndToEndId>{d.end_to_end}</EndToEndId></PmtId><InstdAmt Ccy="EUR">'
                f"{d.cents / 100:.2f}</InstdAmt><DrctDbtTx><MndtRltdInf><MndtId>{d.reference}</MndtId><DtOfSgntr>"
                f"{d.signed_on}</DtOfSgntr></MndtRltdInf></DrctDbtTx><DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id>"
                f"</Othr></FinInstnId></DbtrAgt><Dbtr><Nm>{d.holder}</Nm></Dbtr><DbtrAcct><Id><IBAN>{d.iban}</IBAN></Id>"
                f"</DbtrAcct><RmtInf><Ustrd>{d.text}</Ustrd></RmtInf></DrctDbtTxInf>\\n"
            )
def ours():
    with open(path, "wb") as file:
        for piece in write(order, debits):
            file.write(piece)
    with open(path, "rb") as file:
        assert control(iter(lambda: file.read(1 << 20), b"")).count == count
def valid():
    from lxml import etree
    whole = etree.XMLSchema(etree.parse(schema))
    for _, element in etree.iterparse(path, schema=whole, tag="{*}DrctDbtTxInf"):
        element.clear()
        del element.getparent()[: element.getparent().index(element)]
def took(work):
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)
told = {"floor": took(floor), "ours": took(ours), "valid": took(valid) if schema else None}
print(json.dumps(told | {"mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


@bench("finance.pain008")
def pain008() -> list[Result]:
    """Processor time, the best of three, in one process of its own; its peak includes the 100,000 debits."""
    with workplace() as directory:
        file, schema = str(Path(directory) / "file.xml"), str(SCHEMA) if SCHEMA.exists() else ""
        command = [sys.executable, "-c", _OURS, str(COUNT), file, schema]
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env=environment(directory), capture_output=True, text=True, check=True
        )
    told = json.loads(done.stdout.splitlines()[-1])
    floor, peak = round(told["floor"], 3), round(told["mb"])
    common: Any = {"floor": floor, "unit": "s", "aim": "≤ 5", "peak_mb": peak}
    results = [Result(job="finance.pain008.written", ours=round(told["ours"], 2), **common)]
    if told["valid"] is not None:
        both = round(told["ours"] + told["valid"], 2)
        results.append(Result(job="finance.pain008", ours=both, **common))
    return results
