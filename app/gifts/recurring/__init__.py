"""Recurring gifts: commitments, their schedule, what is planned and announced of them, and what becomes of it."""
