"""The triggers of the journal: lines first, then the entry that seals them, and never a change.

On PostgreSQL another transaction cannot see an entry that is not committed yet, so a line slipped
under it at the same moment is found when that transaction commits (journal_line_sealed).
"""

from __future__ import annotations

from app.extensions import triggers

_SEALED = "EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id)"

_SQLITE_BALANCE = """
CREATE TRIGGER IF NOT EXISTS journal_entry_balance BEFORE INSERT ON journal_entry BEGIN
    SELECT RAISE(ABORT, 'the lines of an entry sum to 0, are at least two and carry its date')
    FROM (SELECT count(*) AS n, sum(cents) AS total, sum(booked_on <> NEW.booked_on) AS strays
          FROM journal_line WHERE entry_id = NEW.id)
    WHERE n < 2 OR n <> NEW.line_count OR total <> 0 OR strays <> 0;
    SELECT RAISE(ABORT, 'this period is closed') FROM fiscal_period
    WHERE month = date(NEW.booked_on, 'start of month') AND state = 'closed';
END
"""

_POSTGRESQL_BALANCE = """
CREATE OR REPLACE FUNCTION journal_entry_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    n bigint; total numeric; strays bigint;
BEGIN
    SELECT count(*), sum(cents), count(*) FILTER (WHERE booked_on <> NEW.booked_on) INTO n, total, strays
    FROM journal_line WHERE entry_id = NEW.id;
    IF n < 2 OR n <> NEW.line_count OR total <> 0 OR strays <> 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = 'the lines of an entry sum to 0, are at least two and carry its date';
    END IF;
    PERFORM 1 FROM fiscal_period
    WHERE month = date_trunc('month', NEW.booked_on::timestamp)::date AND state = 'closed';
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'this period is closed';
    END IF;
    RETURN NEW;
END $$
"""

_POSTGRESQL_OPEN = f"""
CREATE OR REPLACE FUNCTION journal_line_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {_SEALED} THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'this entry is sealed';
    END IF;
    RETURN NEW;
END $$
"""  # noqa: S608 (no input in it)

_POSTGRESQL_SEALED = """
CREATE OR REPLACE FUNCTION journal_line_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM journal_line WHERE entry_id = NEW.entry_id)
        IS DISTINCT FROM (SELECT line_count::bigint FROM journal_entry WHERE id = NEW.entry_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'this entry is sealed';
    END IF;
    RETURN NULL;
END $$
"""


def register() -> None:
    for table in ("journal_entry", "journal_line"):
        triggers.append_only(table)
    # Posting claims keys by ON CONFLICT DO NOTHING, which the guard against REPLACE would refuse.
    triggers.append_only("ledger_key", key=None)
    triggers.register(
        "journal_entry_balance",
        "journal_entry",
        sqlite=[_SQLITE_BALANCE],
        postgresql=[
            _POSTGRESQL_BALANCE,
            "CREATE OR REPLACE TRIGGER journal_entry_balance BEFORE INSERT ON journal_entry "
            "FOR EACH ROW EXECUTE FUNCTION journal_entry_balance()",
        ],
    )
    triggers.register(
        "journal_line_open",
        "journal_line",
        sqlite=[
            "CREATE TRIGGER IF NOT EXISTS journal_line_open BEFORE INSERT ON journal_line "
            f"WHEN {_SEALED} BEGIN SELECT RAISE(ABORT, 'this entry is sealed'); END"
        ],
        postgresql=[
            _POSTGRESQL_OPEN,
            "CREATE OR REPLACE TRIGGER journal_line_open BEFORE INSERT ON journal_line "
            "FOR EACH ROW EXECUTE FUNCTION journal_line_open()",
            _POSTGRESQL_SEALED,
            "DROP TRIGGER IF EXISTS journal_line_sealed ON journal_line",
            "CREATE CONSTRAINT TRIGGER journal_line_sealed AFTER INSERT ON journal_line "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_line_sealed()",
        ],
    )
