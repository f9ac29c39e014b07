"""Periodic gifts: the agreement after the tax office's form, its term, and whether it is kept (DOMAIN.md 4.2)."""
