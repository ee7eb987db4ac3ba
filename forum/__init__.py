"""The members' dialogue of a federation of cities: rooms are folders, tools are files."""
