"""The publication that keeps an ANBI an ANBI (DOMAIN.md 4.1): one for each fiscal year, by the lines of the standard
form for fundraising institutions (RJ 650), made here and shown to everybody.

The headings of the form were put down from knowledge of it, not beside a copy: compare them with the form of the tax
office before the first publication.
"""
