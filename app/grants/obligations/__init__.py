"""Obligations: what we promised the funder to deliver, and when."""
