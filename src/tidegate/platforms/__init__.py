"""A folder for each platform that Tidegate can pull from."""
