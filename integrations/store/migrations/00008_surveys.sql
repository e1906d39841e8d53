-- +goose Up

-- Askings how an answer turned out, one for each answer of a case.
CREATE TABLE surveys (
    case_number TEXT   NOT NULL REFERENCES cases (number),
    round       BIGINT NOT NULL, -- number of the event that asked
    stage       TEXT   NOT NULL CHECK (stage IN ('asked', 'reminded', 'called', 'answered', 'skipped')),
    reason      TEXT   NOT NULL,
    asked_at    BIGINT NOT NULL,
    next_at     BIGINT NOT NULL, -- 0: nothing is due
    changed_at  BIGINT NOT NULL,
    PRIMARY KEY (case_number, round)
);
CREATE INDEX surveys_due ON surveys (next_at, case_number) WHERE next_at > 0;
