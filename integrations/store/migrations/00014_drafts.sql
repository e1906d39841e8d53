-- +goose Up

-- What an operator was writing down when the browser closed: one for each.
CREATE TABLE drafts (
    user_id TEXT   NOT NULL PRIMARY KEY REFERENCES users (id),
    fields  TEXT   NOT NULL, -- sealed
    at      BIGINT NOT NULL
);
