"""Full-text search: one document for each thing that can be found."""
