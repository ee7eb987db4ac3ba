"""Parallel texts: practices and cases in other languages, which members translate and correct."""
