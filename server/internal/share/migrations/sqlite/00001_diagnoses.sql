-- +goose Up
-- The envelope stands last, so that looking at the rest does not read it.
CREATE TABLE diagnoses (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind       INTEGER NOT NULL,
    read_hash  BLOB    NOT NULL CHECK (length(read_hash) = 32),
    add_hash   BLOB    NOT NULL CHECK (length(add_hash) = 32),
    own_hash   BLOB    NOT NULL CHECK (length(own_hash) = 32),
    created_at INTEGER NOT NULL, -- milliseconds since 1970, by the store's clock
    expires_at INTEGER NOT NULL,
    closed_at  INTEGER NOT NULL DEFAULT 0, -- 0: open
    results    INTEGER NOT NULL DEFAULT 0,
    bytes      INTEGER NOT NULL DEFAULT 0,
    envelope   BLOB    NOT NULL
) STRICT;
CREATE INDEX diagnoses_by_expiry ON diagnoses (expires_at);

CREATE TABLE results (
    diagnosis  BLOB    NOT NULL REFERENCES diagnoses (id) ON DELETE CASCADE,
    id         BLOB    NOT NULL CHECK (length(id) = 16),
    seq        INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    envelope   BLOB    NOT NULL,
    UNIQUE (diagnosis, id),
    UNIQUE (diagnosis, seq)
) STRICT;

-- Ids that are gone, so that the same request cannot bring them back.
CREATE TABLE gone (
    id      BLOB    NOT NULL PRIMARY KEY,
    gone_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX gone_by_time ON gone (gone_at);

-- The latest time that was ever seen, in one row.
CREATE TABLE clock (
    one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    mark INTEGER NOT NULL
) STRICT;
INSERT INTO clock (one, mark) VALUES (1, 0);

-- +goose Down
DROP TABLE clock;
DROP TABLE gone;
DROP TABLE results;
DROP TABLE diagnoses;
