"""What to fetch: splitting into tasks and running them."""
