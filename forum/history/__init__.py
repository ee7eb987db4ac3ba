"""What an edited page said before: every version that an editor replaced."""
