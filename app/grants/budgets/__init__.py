"""Budgets of grants: versions with lines, amendments, and what was spent against them."""
