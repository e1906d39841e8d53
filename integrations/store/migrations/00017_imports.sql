-- +goose Up

-- Files of work orders that were uploaded.
CREATE TABLE imports (
    id       TEXT    NOT NULL PRIMARY KEY,
    name     TEXT    NOT NULL,
    by_id    TEXT    NOT NULL,
    by_name  TEXT    NOT NULL,
    headings TEXT    NOT NULL, -- JSON
    sample   TEXT    NOT NULL, -- sealed JSON
    row_count BIGINT NOT NULL,
    mapping  TEXT    NOT NULL, -- JSON
    dry      BOOLEAN NOT NULL,
    state    TEXT    NOT NULL,
    line     BIGINT  NOT NULL,
    counts   TEXT    NOT NULL, -- JSON
    problem  TEXT    NOT NULL,
    at       BIGINT  NOT NULL,
    began    BIGINT  NOT NULL,
    ended    BIGINT  NOT NULL,
    version  BIGINT  NOT NULL
);
CREATE INDEX imports_at ON imports (at, id);

CREATE TABLE import_files (
    import_id TEXT NOT NULL PRIMARY KEY REFERENCES imports (id),
    content   TEXT NOT NULL -- sealed
);

CREATE TABLE import_lines (
    import_id   TEXT   NOT NULL REFERENCES imports (id),
    line        BIGINT NOT NULL,
    outcome     TEXT   NOT NULL,
    case_number TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    item        TEXT   NOT NULL,
    unit        TEXT   NOT NULL,
    district    TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    cells       TEXT   NOT NULL, -- sealed JSON of a wrong row
    PRIMARY KEY (import_id, line)
);

-- Which columns were chosen for files with such headings.
CREATE TABLE import_mappings (
    headings TEXT NOT NULL PRIMARY KEY, -- JSON
    mapping  TEXT NOT NULL -- JSON
);
