"""Finding everything again: one document for each thing that can be found."""
