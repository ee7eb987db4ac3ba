"""The history of edited pages: every version that an editor replaced."""
