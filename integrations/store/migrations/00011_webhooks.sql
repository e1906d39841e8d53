-- +goose Up

-- Where outside systems are told of events, and each telling.
CREATE TABLE hook_endpoints (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    url        TEXT   NOT NULL, -- sealed: it may carry a token
    events     TEXT   NOT NULL, -- JSON list of patterns, empty: all
    secrets    TEXT   NOT NULL, -- sealed JSON, the newest first
    format     TEXT   NOT NULL CHECK (format IN ('standard', 'cloudevents')),
    off_since  BIGINT NOT NULL, -- 0: on
    off_why    TEXT   NOT NULL,
    made_by    TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE hook_deliveries (
    id          TEXT   NOT NULL PRIMARY KEY, -- the receiver knows a repetition by it
    endpoint    TEXT   NOT NULL REFERENCES hook_endpoints (id),
    case_number TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    type        TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    attempts    BIGINT NOT NULL,
    next_at     BIGINT NOT NULL,
    status      BIGINT NOT NULL, -- of the last answer, 0: there was none
    error       TEXT   NOT NULL, -- of the last attempt
    created_at  BIGINT NOT NULL,
    tried_at    BIGINT NOT NULL
);
CREATE INDEX hook_deliveries_pending ON hook_deliveries (endpoint, case_number, seq, id) WHERE state = 'pending';
CREATE INDEX hook_deliveries_log ON hook_deliveries (endpoint, created_at, id);
CREATE INDEX hook_deliveries_age ON hook_deliveries (created_at);
