"""Pages that combine several rooms: home, agenda, profile, city, search, feeds and sitemap."""
