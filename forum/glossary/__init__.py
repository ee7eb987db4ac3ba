"""The glossary: expressions with their names in several languages, and what they mean."""
