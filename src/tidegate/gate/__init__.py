"""What may leave, and for whom: field rules, views, keys, and the journal of takings."""
