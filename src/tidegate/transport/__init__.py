"""The layers above a single HTTP request: polite, safe, observable."""
