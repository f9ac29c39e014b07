"""Closing months, and handing the journal over to the accounting package and the auditor."""
