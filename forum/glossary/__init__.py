"""The glossary: expressions of the federation, each with its names in several languages and what it means."""
