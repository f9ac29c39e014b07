"""Renewals: some time before a grant ends, its owner gets a task to ask again."""
