"""Restricted funds and earmarked reserves in the ledger: each on an account of its own."""
