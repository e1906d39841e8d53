-- +goose Up

-- Six digits that prove that somebody holds a telephone, or was told of a case on it.
CREATE TABLE codes (
    id             TEXT   NOT NULL PRIMARY KEY, -- also of the notice that carries it
    kind           TEXT   NOT NULL,
    digits         TEXT   NOT NULL, -- sealed
    digits_index   TEXT   NOT NULL,
    phone          TEXT   NOT NULL, -- sealed; empty: read out
    phone_index    TEXT   NOT NULL,
    case_number    TEXT   NOT NULL,
    complainant_id TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT NOT NULL
);
CREATE INDEX codes_digits ON codes (digits_index, expires_at) WHERE used_at = 0;
CREATE INDEX codes_phone ON codes (phone_index, created_at) WHERE phone_index <> '';

-- A WeChat user has shown that the number is theirs.
ALTER TABLE complainants ADD COLUMN phone_proven BOOLEAN NOT NULL DEFAULT FALSE;

-- Numbers whose owners want no more messages from us.
CREATE TABLE sms_refusals (
    phone_index TEXT   NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL
);
