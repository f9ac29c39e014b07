"""Expenses: entered by hand or imported from the accounting package, mapped to budget lines."""
