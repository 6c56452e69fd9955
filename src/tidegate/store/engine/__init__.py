"""Engines: what a store is kept in."""
