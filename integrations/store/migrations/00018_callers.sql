-- +goose Up

-- Who telephoned about a case that a WeChat user has been given since.
CREATE TABLE case_callers (
    case_number    TEXT NOT NULL PRIMARY KEY REFERENCES cases (number),
    complainant_id TEXT NOT NULL
);
CREATE INDEX case_callers_of ON case_callers (complainant_id);
