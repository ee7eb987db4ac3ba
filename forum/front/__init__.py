"""Pages made of several rooms: home, agenda, profile, city, search, feeds and sitemap."""
