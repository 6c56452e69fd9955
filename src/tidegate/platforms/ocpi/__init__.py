"""OCPI platforms: charging sessions, CDRs, locations, tariffs and tokens."""
