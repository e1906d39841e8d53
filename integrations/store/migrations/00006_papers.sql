-- The papers (周报告, 月调度, 季通报) of each period, as computed from the events.

-- +goose Up

CREATE TABLE papers (
    period   TEXT   NOT NULL PRIMARY KEY,
    from_at  BIGINT NOT NULL,
    to_at    BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    made_at  BIGINT NOT NULL,
    made_by  TEXT   NOT NULL,
    figures  BYTEA  NOT NULL -- JSON, gzip
);
CREATE INDEX papers_to ON papers (to_at, from_at);

-- Which cases something happened to since the beginning of a period.
CREATE INDEX cases_updated ON cases (updated_at);
