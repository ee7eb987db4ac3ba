"""Agendas (the subjects that the federation works on), members' statements, and themes."""
