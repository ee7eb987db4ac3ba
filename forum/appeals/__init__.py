"""Appeals: another moderator looks again at a decision."""
