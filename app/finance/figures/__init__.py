"""Figures from outside: costs and budget, imported from the accounting package and never booked here."""
