"""Funders: organisations that give grants, with what we know of their taste."""
