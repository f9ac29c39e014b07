"""Files for and from the bank about direct debits: pain.008 out, pain.002 in (DOMAIN.md 1.1 and 1.5)."""
