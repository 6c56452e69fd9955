-- A small store as format 1 wrote it. Frozen: never edit, add format_2.sql instead.
CREATE TABLE store (format INTEGER, id VARCHAR, created_at BIGINT);
CREATE TABLE repositories (name VARCHAR, created_at BIGINT);
CREATE TABLE units (
    repository VARCHAR, name VARCHAR, factor DOUBLE, "offset" DOUBLE, base_unit VARCHAR,
    aggregation VARCHAR, integral_unit VARCHAR, description VARCHAR,
    known_from BIGINT, known_to BIGINT);
CREATE TABLE series (
    key INTEGER, id BIGINT, repository VARCHAR, name VARCHAR, unit VARCHAR,
    interval_unit SMALLINT, interval_multiplier INTEGER, type SMALLINT, zone VARCHAR,
    aggregation VARCHAR, description VARCHAR, connection VARCHAR, subject VARCHAR,
    quantity VARCHAR, formula VARCHAR, known_from BIGINT, known_to BIGINT);
CREATE TABLE attributes (
    id INTEGER, repository VARCHAR, name VARCHAR, type SMALLINT,
    known_from BIGINT, known_to BIGINT);
CREATE TABLE assigned (
    series INTEGER, attribute INTEGER, known_from BIGINT, known_to BIGINT);
CREATE TABLE attribute_values (
    series INTEGER, attribute INTEGER, instant BIGINT, value VARCHAR,
    known_from BIGINT, known_to BIGINT);
CREATE TABLE revisions (
    revision INTEGER, written_at BIGINT, actor VARCHAR, run INTEGER);
CREATE TABLE readings (
    series INTEGER, ts BIGINT, value DOUBLE, flag SMALLINT, revision INTEGER);
CREATE TABLE superseded (
    series INTEGER, ts BIGINT, value DOUBLE, flag SMALLINT, revision INTEGER,
    known_from BIGINT, known_to BIGINT);
CREATE TABLE quoted (
    series INTEGER, ts BIGINT, value DOUBLE, flag SMALLINT, revision INTEGER,
    quotation BIGINT);
CREATE TABLE superseded_quoted (
    series INTEGER, ts BIGINT, value DOUBLE, flag SMALLINT, revision INTEGER,
    known_from BIGINT, known_to BIGINT, quotation BIGINT);
CREATE TABLE months (month INTEGER, unsorted BIGINT);
CREATE TABLE connections (
    name VARCHAR, platform VARCHAR, url VARCHAR, settings VARCHAR);
CREATE TABLE catalogue (
    connection VARCHAR, subject VARCHAR, kind VARCHAR, name VARCHAR, parent VARCHAR,
    document VARCHAR, series VARCHAR, first_seen BIGINT, last_seen BIGINT, gone_at BIGINT);
CREATE TABLE coverage (
    connection VARCHAR, subject VARCHAR, start BIGINT, "end" BIGINT, state VARCHAR,
    asked_at BIGINT, run INTEGER, detail VARCHAR);
CREATE TABLE runs (
    run INTEGER, connection VARCHAR, request VARCHAR, started_at BIGINT,
    heartbeat_at BIGINT, ended_at BIGINT, state VARCHAR, summary VARCHAR);
CREATE TABLE answered (call VARCHAR, made_at BIGINT, answer BLOB);
CREATE TABLE audit (
    made_at BIGINT, actor VARCHAR, verb VARCHAR, resource VARCHAR,
    before VARCHAR, after VARCHAR);

INSERT INTO store VALUES (1, '5f0c8f52-6a53-4c7e-9f0f-0f3f6f6f1a11', 500);
INSERT INTO repositories VALUES ('main', 500);
INSERT INTO units VALUES
    ('main', 'none', 1.0, 0.0, NULL, 'Average', NULL, '', 500, 253402214400000000),
    ('main', 'kWh', 1000.0, 0.0, 'Wh', 'Sum', NULL, '', 500, 253402214400000000);
INSERT INTO series VALUES
    (1, 1, 'main', 'Sample', 'kWh', 2, 30, 2, NULL, NULL, '', 'campus', 'R733', 'periodValue', NULL, 600, 253402214400000000),
    (2, 2, 'main', 'Old', 'none', 0, 1, 1, 'Europe/London', 'Max', 'x', NULL, NULL, NULL, NULL, 600, 700),
    (2, 2, 'main', 'Virtual', 'none', 0, 1, 1, 'Europe/London', 'Max', 'x', NULL, NULL, NULL,
     '{"text":"R1*2","language":"dcs","aliases":{"R1":1},"alias_origins":{},"decimal_places":2}', 700, 253402214400000000);
INSERT INTO attributes VALUES (192, 'main', 'Supplier', 2, 600, 253402214400000000);
INSERT INTO assigned VALUES (1, 192, 600, 253402214400000000);
INSERT INTO attribute_values VALUES
    (1, 192, 100, 'AT9', 600, 650), (1, 192, 100, 'AT1', 650, 253402214400000000), (1, 192, 200, NULL, 600, 253402214400000000);
INSERT INTO revisions VALUES (1, 900, 'owner', NULL), (2, 1100, 'connection campus', 1);
INSERT INTO readings VALUES (1, 0, 2.0, 9, 2), (1, 1800000000, NULL, 19, 2);
INSERT INTO superseded VALUES (1, 0, 1.0, 9, 1, 900, 1100);
INSERT INTO quoted VALUES (1, 0, 7.0, 12, 1, 5);
INSERT INTO superseded_quoted VALUES (1, 0, 6.0, 12, 1, 900, 1100, 5);
INSERT INTO months VALUES (23640, 2);
INSERT INTO connections VALUES ('campus', 'dcs', 'https://dcs.example/', '{"lag":3}');
INSERT INTO catalogue VALUES ('campus', 'R733', 'register', 'Sample', 'M405', '{"id":733}', '[]', 600, 1100, NULL);
INSERT INTO coverage VALUES ('campus', 'R733', 0, 3600000000, 'done', 1050, 1, '');
INSERT INTO runs VALUES (1, 'campus', '{}', 1000, 1100, 1200, 'complete', '{"readings":2}');
INSERT INTO audit VALUES (600, 'owner', 'create-series', 'series Sample', NULL, '[1]');
