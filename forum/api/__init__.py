"""The JSON API: what visitors may read, for programs."""
