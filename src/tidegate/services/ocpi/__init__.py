"""OCPI: logging in, and exports of records as rules let them out."""
