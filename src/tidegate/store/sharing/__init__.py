"""One process owns a store, everybody can use it (decision record 11).

Election is the engine's own file lock and nothing else. Who gets it owns the store and answers
for it on a Unix socket that a pointer file in the store names; everybody else asks there. When
the owner ends, whoever asks next becomes the owner.

`election` opens a store and keeps it open, `owner` and `remote` are the two ends of the line,
`contract` derives what travels from `Verbs`, `wire` is its form, `places` says where sockets and
pointers lie, `lines` ends connections that do not end themselves.
"""
