-- +goose Up

-- One call-back for each number that nobody answered, however many calls come at once.
-- contract: before the first release
CREATE UNIQUE INDEX tasks_missed ON tasks (complainant_id) WHERE kind = 'missed' AND done_at = 0;

-- A voice message that somebody writes down.
ALTER TABLE tasks ADD COLUMN attachment_id TEXT NOT NULL DEFAULT '';

-- Conversations that a person is asked to take over from the bot. Each lasts as long as its task is open.
CREATE TABLE chats (
    task_id        TEXT   NOT NULL PRIMARY KEY REFERENCES tasks (id),
    complainant_id TEXT   NOT NULL,
    summary        TEXT   NOT NULL, -- sealed: what was said to the bot before
    operator_id    TEXT   NOT NULL, -- empty: nobody has taken it
    operator       TEXT   NOT NULL,
    alarm          BIGINT NOT NULL, -- how often its waiting was seen to
    queued_at      BIGINT NOT NULL,
    taken_at       BIGINT NOT NULL,
    said_at        BIGINT NOT NULL, -- last words of the complainant
    wrote_at       BIGINT NOT NULL, -- last words of the operator
    ended_at       BIGINT NOT NULL,
    version        BIGINT NOT NULL
);
CREATE UNIQUE INDEX chats_open ON chats (complainant_id) WHERE ended_at = 0;

-- Those who wait for a person already.
INSERT INTO chats (task_id, complainant_id, summary, operator_id, operator, alarm, queued_at, taken_at, said_at, wrote_at, ended_at, version)
    SELECT min(id), complainant_id, '', '', '', 0, min(created_at), 0, min(created_at), 0, 0, 1 FROM tasks
    WHERE kind = 'chat' AND done_at = 0 GROUP BY complainant_id;

CREATE TABLE chat_lines (
    id            TEXT   NOT NULL PRIMARY KEY,
    task_id       TEXT   NOT NULL REFERENCES chats (task_id),
    seq           BIGINT NOT NULL, -- counts the lines of the conversation
    side          TEXT   NOT NULL,
    name          TEXT   NOT NULL, -- of the operator
    text          TEXT   NOT NULL, -- sealed
    attachment_id TEXT   NOT NULL,
    at            BIGINT NOT NULL
);
CREATE UNIQUE INDEX chat_lines_of ON chat_lines (task_id, seq);

-- When an operator's screen was open last.
CREATE TABLE duty (
    user_id TEXT   NOT NULL PRIMARY KEY REFERENCES users (id),
    seen_at BIGINT NOT NULL
);
