"""The personal calendar feed: a secret address that calendar programs read."""
