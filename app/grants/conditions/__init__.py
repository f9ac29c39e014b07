"""Conditions of a grant or of one instalment, with the evidence that they are met."""
