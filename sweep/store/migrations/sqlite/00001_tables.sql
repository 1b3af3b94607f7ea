-- +goose Up
-- Times are microseconds since 1970 in UTC, empty strings stand for what is not known. No table holds a secret's value or
-- its fingerprint.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE target (
    name     TEXT PRIMARY KEY,
    listing  BIGINT NOT NULL DEFAULT 0,  -- number of the last listing begun
    complete BIGINT NOT NULL DEFAULT 0,  -- number of the last one completed
    listed   BIGINT,                     -- when that was
    reason   TEXT NOT NULL DEFAULT ''    -- why the last listing failed
);

CREATE TABLE repository (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    forge          TEXT NOT NULL,
    forge_id       TEXT NOT NULL,
    name           TEXT NOT NULL,
    clone_url      TEXT NOT NULL,
    web_url        TEXT NOT NULL,
    visibility     TEXT NOT NULL,
    archived       INTEGER NOT NULL,
    fork           INTEGER NOT NULL,
    network        TEXT NOT NULL,
    default_branch TEXT NOT NULL,
    size           BIGINT NOT NULL,
    pushed_at      BIGINT,
    first_seen     BIGINT NOT NULL,
    last_seen      BIGINT NOT NULL,
    gone_at        BIGINT,
    next_due       BIGINT NOT NULL,
    last_scan      BIGINT,
    last_scan_id   TEXT NOT NULL DEFAULT '',
    ruleset        BIGINT NOT NULL DEFAULT 0,
    state          TEXT NOT NULL DEFAULT 'ok',
    reason         TEXT NOT NULL DEFAULT '',
    failures       BIGINT NOT NULL DEFAULT 0,
    UNIQUE (forge, forge_id)
);
CREATE INDEX repository_due ON repository (next_due);
CREATE INDEX repository_name_now ON repository (name);

CREATE TABLE membership (
    target     TEXT NOT NULL,
    repository BIGINT NOT NULL,
    listing    BIGINT NOT NULL,
    PRIMARY KEY (target, repository)
);
CREATE INDEX membership_repository ON membership (repository);

CREATE TABLE repository_name (
    repository BIGINT NOT NULL,
    name       TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,
    PRIMARY KEY (repository, name)
);

CREATE TABLE tip (
    repository BIGINT NOT NULL,
    ref        TEXT NOT NULL,
    id         TEXT NOT NULL,
    PRIMARY KEY (repository, ref)
);

CREATE TABLE tip_seen (
    repository BIGINT NOT NULL,
    id         TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,
    PRIMARY KEY (repository, id)
);

CREATE TABLE ruleset_rules (
    hash  TEXT PRIMARY KEY,
    rules TEXT NOT NULL
);

CREATE TABLE ruleset (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    hash    TEXT NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE blob_seen (
    id      BLOB NOT NULL PRIMARY KEY,
    kinds   INTEGER NOT NULL,
    version INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE finding (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    hmac         TEXT NOT NULL UNIQUE,
    rule         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    severity     TEXT NOT NULL,
    mask         TEXT NOT NULL,
    length       BIGINT NOT NULL,
    sealed       BLOB,
    first_seen   BIGINT NOT NULL,
    last_seen    BIGINT NOT NULL,
    gone_at      BIGINT,
    regressed_at BIGINT,
    state        TEXT NOT NULL DEFAULT 'open',
    comment      TEXT NOT NULL DEFAULT '',
    who          TEXT NOT NULL DEFAULT '',
    state_at     BIGINT
);

CREATE TABLE sighting (
    finding    BIGINT NOT NULL,
    repository BIGINT NOT NULL,
    places     BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,
    gone_at    BIGINT,
    PRIMARY KEY (finding, repository)
);
CREATE INDEX sighting_repository ON sighting (repository);

CREATE TABLE occurrence (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    finding       BIGINT NOT NULL,
    repository    BIGINT NOT NULL,
    place         TEXT NOT NULL,  -- key of the place
    path          TEXT NOT NULL,
    blob          TEXT NOT NULL,
    line          BIGINT NOT NULL,
    col           BIGINT NOT NULL,
    end_line      BIGINT NOT NULL,
    end_col       BIGINT NOT NULL,
    introduced_id TEXT NOT NULL,
    reachable     INTEGER NOT NULL,
    detail        TEXT NOT NULL,  -- the rest of the place as JSON
    first_seen    BIGINT NOT NULL,
    last_seen     BIGINT NOT NULL,
    gone_at       BIGINT,
    UNIQUE (finding, repository, place)
);
CREATE INDEX occurrence_repository ON occurrence (repository);

CREATE TABLE scan (
    id         TEXT PRIMARY KEY,
    repository BIGINT NOT NULL,
    number     BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    complete   INTEGER NOT NULL
);
CREATE INDEX scan_repository ON scan (repository, number);

CREATE TABLE event (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    uid        TEXT NOT NULL UNIQUE,
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    who        TEXT NOT NULL,
    finding    TEXT NOT NULL,  -- hmac
    repository TEXT NOT NULL,  -- name at that time
    detail     TEXT NOT NULL
);
CREATE INDEX event_finding ON event (finding);

CREATE TABLE delivery (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    dedup       TEXT NOT NULL UNIQUE,
    channel     TEXT NOT NULL,
    payload     TEXT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'pending',
    attempts    BIGINT NOT NULL DEFAULT 0,
    reason      TEXT NOT NULL DEFAULT '',
    created     BIGINT NOT NULL,
    next_try    BIGINT NOT NULL,
    lease_until BIGINT NOT NULL DEFAULT 0,
    token       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX delivery_due ON delivery (state, next_try);

CREATE TABLE lease (
    name    TEXT PRIMARY KEY,
    owner   TEXT NOT NULL,
    token   BIGINT NOT NULL,
    expires BIGINT NOT NULL
);

-- +goose StatementBegin
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'the event log is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'the event log is append-only');
END;
-- +goose StatementEnd
