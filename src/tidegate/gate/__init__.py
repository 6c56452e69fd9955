"""Who may do what: users, roles, keys, and protection against guessing."""
