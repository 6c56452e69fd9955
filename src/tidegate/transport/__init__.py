"""Polite HTTP: one client a connection, and the policies it obeys, a module each."""
