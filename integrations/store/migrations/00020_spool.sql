-- +goose Up

-- Messages that are acknowledged and still to be worked on: those that came when the server was too busy.
CREATE TABLE spool (
    key_index TEXT   NOT NULL PRIMARY KEY,
    fan_index TEXT   NOT NULL, -- of the openid
    message   TEXT   NOT NULL, -- sealed JSON
    at        BIGINT NOT NULL,
    due_at    BIGINT NOT NULL  -- not to be worked on before this: somebody may be at it
);
CREATE INDEX spool_due ON spool (due_at);
CREATE INDEX spool_fan ON spool (fan_index, at);
