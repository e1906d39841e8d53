-- +goose Up

-- Who of staff and systems has looked at a case; once an hour for each way of looking.
CREATE TABLE looks (
    case_number TEXT   NOT NULL,
    actor_id    TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    hour        BIGINT NOT NULL, -- since 1970
    actor       TEXT   NOT NULL,
    role        TEXT   NOT NULL,
    unit        TEXT   NOT NULL,
    at          BIGINT NOT NULL, -- the first in the hour
    PRIMARY KEY (case_number, actor_id, kind, hour)
);
CREATE INDEX looks_at ON looks (at);
