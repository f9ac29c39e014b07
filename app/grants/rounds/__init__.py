"""Rounds: when a funder takes applications; yearly ones make their successor."""
