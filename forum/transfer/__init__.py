"""Whole contents in and out: the demo, imports and exports; and what is made from texts, made anew."""
