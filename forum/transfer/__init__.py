"""Whole contents in and out: the demo, imports and exports."""
