"""Mutants of chapter 12 that are as right as the reference, and why."""

SURVIVORS: dict[str, dict[str, str]] = {}
