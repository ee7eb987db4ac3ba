"""The house rules in their versions, the ready texts of moderators, and recourse outside of the forum."""
