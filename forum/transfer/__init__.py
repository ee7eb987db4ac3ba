"""Whole contents in and out: the demo, and agendas from files."""
