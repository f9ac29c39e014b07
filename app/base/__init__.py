"""Plain Python that every room may use: money, dates, states, ids, references, errors, events."""
