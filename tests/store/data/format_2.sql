-- What format 2 added to a store of format 1, with rows in it. Frozen: never change this file.
CREATE TABLE users (name VARCHAR, role VARCHAR, verifier VARCHAR, created_at BIGINT);
CREATE TABLE api_keys (
    id VARCHAR, digest VARCHAR, name VARCHAR, role VARCHAR, repositories VARCHAR,
    beginning VARCHAR, issuer VARCHAR, issued_at BIGINT, expires_at BIGINT);
INSERT INTO users VALUES ('anna', 'writer', '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA', 700);
INSERT INTO api_keys VALUES ('k1', 'ab12', 'dashboard', 'reader', '["main"]', 'tg_abc', 'anna', 800, NULL);
UPDATE store SET format = 2;
