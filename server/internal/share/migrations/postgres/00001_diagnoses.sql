-- +goose Up
CREATE TABLE diagnoses (
    id         BYTEA   NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind       BIGINT  NOT NULL,
    read_hash  BYTEA   NOT NULL CHECK (length(read_hash) = 32),
    add_hash   BYTEA   NOT NULL CHECK (length(add_hash) = 32),
    own_hash   BYTEA   NOT NULL CHECK (length(own_hash) = 32),
    created_at BIGINT  NOT NULL, -- milliseconds since 1970, by the store's clock
    expires_at BIGINT  NOT NULL,
    closed_at  BIGINT  NOT NULL DEFAULT 0, -- 0: open
    results    BIGINT  NOT NULL DEFAULT 0,
    bytes      BIGINT  NOT NULL DEFAULT 0,
    envelope   BYTEA   NOT NULL
);
-- Ciphertext does not compress.
ALTER TABLE diagnoses ALTER COLUMN envelope SET STORAGE EXTERNAL;
CREATE INDEX diagnoses_by_expiry ON diagnoses (expires_at);

CREATE TABLE results (
    diagnosis  BYTEA   NOT NULL REFERENCES diagnoses (id) ON DELETE CASCADE,
    id         BYTEA   NOT NULL CHECK (length(id) = 16),
    seq        BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL,
    size       BIGINT  NOT NULL,
    envelope   BYTEA   NOT NULL,
    UNIQUE (diagnosis, id),
    UNIQUE (diagnosis, seq)
);
ALTER TABLE results ALTER COLUMN envelope SET STORAGE EXTERNAL;

-- Ids that are gone, so that the same request cannot bring them back.
CREATE TABLE gone (
    id      BYTEA   NOT NULL PRIMARY KEY,
    gone_at BIGINT  NOT NULL
);
CREATE INDEX gone_by_time ON gone (gone_at);

-- The latest time that was ever seen, in one row.
CREATE TABLE clock (
    one  SMALLINT NOT NULL PRIMARY KEY CHECK (one = 1),
    mark BIGINT  NOT NULL
);
INSERT INTO clock (one, mark) VALUES (1, 0);

-- +goose Down
DROP TABLE clock;
DROP TABLE gone;
DROP TABLE results;
DROP TABLE diagnoses;
