"""Mutants of chapter 02 that are as right as the reference, and why."""

SURVIVORS: dict[str, dict[str, str]] = {}
