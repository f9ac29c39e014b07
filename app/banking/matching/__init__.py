"""Explaining payments on the bank: what they may be (finders), and booking what they are.

A finder looks at many lines at once, with a constant number of statements, and gives proposals with a
score and reasons in words. What may book by itself is decided in `deciding.py`, never by a finder.
"""
