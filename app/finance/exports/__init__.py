"""Exports: what goes in each (gifts, journal, grants), and how a file is made of it."""
