"""The report to a funder: as PDF/A, Word and figures, as text for a portal, and kept as it was sent."""
