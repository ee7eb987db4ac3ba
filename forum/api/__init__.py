"""The JSON door: what visitors may read, for programs."""
