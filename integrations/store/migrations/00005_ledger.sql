-- The ledger: problems, which are projections of their events, and which case is one of which problem.

-- +goose Up

CREATE TABLE problems (
    number       TEXT   NOT NULL PRIMARY KEY,
    state        TEXT   NOT NULL CHECK (state IN ('open', 'applied', 'struck_off', 'void')),
    version      BIGINT NOT NULL CHECK (version > 0),
    category     TEXT   NOT NULL,
    item         TEXT   NOT NULL,
    unit         TEXT   NOT NULL,
    assisting    TEXT   NOT NULL, -- JSON
    cause        TEXT   NOT NULL,
    measure      TEXT   NOT NULL,
    person       TEXT   NOT NULL, -- an official, no complainant
    due_at       BIGINT NOT NULL,
    last_note    TEXT   NOT NULL,
    noted_week   BIGINT NOT NULL,
    active_at    BIGINT NOT NULL,
    mechanism    TEXT   NOT NULL,
    no_mechanism TEXT   NOT NULL,
    done         TEXT   NOT NULL,
    evidence     TEXT   NOT NULL, -- JSON
    applicant    TEXT   NOT NULL, -- JSON
    applied_at   BIGINT NOT NULL,
    struck_at    BIGINT NOT NULL,
    returns      BIGINT NOT NULL,
    returned_by  TEXT   NOT NULL,
    merged_into  TEXT   NOT NULL,
    opened_at    BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
CREATE INDEX problems_opened ON problems (opened_at, number);
CREATE INDEX problems_state ON problems (state, opened_at, number);
CREATE INDEX problems_unit ON problems (unit, opened_at, number);
CREATE INDEX problems_returned ON problems (opened_at, number) WHERE returns > 0;

-- Which units may see a problem: its lead unit and those that assist.
CREATE TABLE problem_units (
    unit    TEXT NOT NULL,
    problem TEXT NOT NULL REFERENCES problems (number),
    PRIMARY KEY (unit, problem)
);
CREATE INDEX problem_units_problem ON problem_units (problem);

CREATE TABLE problem_events (
    id         TEXT   NOT NULL PRIMARY KEY,
    problem    TEXT   NOT NULL REFERENCES problems (number),
    seq        BIGINT NOT NULL CHECK (seq > 0),
    action     TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    actor_role TEXT   NOT NULL,
    actor_unit TEXT   NOT NULL,
    actor_id   TEXT   NOT NULL,
    actor_name TEXT   NOT NULL,
    from_state TEXT   NOT NULL,
    to_state   TEXT   NOT NULL,
    data       TEXT   NOT NULL, -- JSON
    UNIQUE (problem, seq)
);

CREATE TABLE problem_cases (
    case_number TEXT   NOT NULL PRIMARY KEY REFERENCES cases (number),
    problem     TEXT   NOT NULL REFERENCES problems (number),
    joined_at   BIGINT NOT NULL
);
CREATE INDEX problem_cases_problem ON problem_cases (problem, joined_at, case_number);

-- Which struck-off cases of a unit have a trait, so that a matter that comes back is known.
CREATE TABLE struck_traits (
    unit        TEXT   NOT NULL,
    trait       BIGINT NOT NULL,
    struck_at   BIGINT NOT NULL,
    case_number TEXT   NOT NULL,
    PRIMARY KEY (unit, trait, struck_at, case_number)
);
CREATE INDEX struck_traits_case ON struck_traits (case_number);
CREATE INDEX struck_traits_age ON struck_traits (struck_at);

-- Each case that was dispatched before is a problem of its own, under its own number, opened when the case last changed; its events give its
-- row, as always. What was struck off before comes back by hand alone.
INSERT INTO problems (number, state, version, category, item, unit, assisting, cause, measure, person, due_at, last_note, noted_week, active_at,
    mechanism, no_mechanism, done, evidence, applicant, applied_at, struck_at, returns, returned_by, merged_into, opened_at, updated_at)
SELECT 'TZ' || substr(number, 3), CASE state WHEN 'closed' THEN 'applied' WHEN 'struck_off' THEN 'struck_off' ELSE 'open' END,
    CASE WHEN state IN ('closed', 'struck_off') THEN 2 ELSE 1 END, category, item, unit, assisting, '', '', '', 0, '', 0, updated_at, '', '', '',
    'null', CASE state WHEN 'closed' THEN '{"role":"system"}' ELSE 'null' END, CASE state WHEN 'closed' THEN updated_at ELSE 0 END,
    CASE state WHEN 'struck_off' THEN updated_at ELSE 0 END, 0, '', '', updated_at, updated_at
FROM cases WHERE unit <> '' AND state IN ('dispatched', 'signed', 'refused', 'replied', 'closed', 'struck_off');

INSERT INTO problem_cases (case_number, problem, joined_at)
SELECT 'JS' || substr(number, 3), number, opened_at FROM problems;

INSERT INTO problem_units (unit, problem)
SELECT case_units.unit, problem FROM problem_cases JOIN case_units ON case_units.case_number = problem_cases.case_number;

-- Ids of categories, items and units have no character that JSON would escape.
INSERT INTO problem_events (id, problem, seq, action, at, actor_role, actor_unit, actor_id, actor_name, from_state, to_state, data)
SELECT 'before-1-' || number, number, 1, 'begin', opened_at, 'system', '', '', '', '', 'open',
    '{"case":"JS' || substr(number, 3) || '","category":"' || category || '","item":"' || item || '","unit":"' || unit || '","assisting":' || assisting || '}'
FROM problems;

INSERT INTO problem_events (id, problem, seq, action, at, actor_role, actor_unit, actor_id, actor_name, from_state, to_state, data)
SELECT 'before-2-' || number, number, 2, CASE state WHEN 'applied' THEN 'apply' ELSE 'strike-off' END, opened_at, 'system', '', '', '', 'open', state, '{}'
FROM problems WHERE version = 2;
