"""Topics and posts: the discussions of members."""
