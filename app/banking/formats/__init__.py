"""Readers of bank files. Each gives the same plain facts (facts.py), and knows nothing of our books."""
