-- Lists: their orders, their counts, what people keep for themselves. The words of cases are in the file of each database.

-- The end of the first running clock; behind all others while none runs.
ALTER TABLE cases ADD COLUMN clock_order BIGINT NOT NULL DEFAULT 9000000000000000;
UPDATE cases SET clock_order = clock_due WHERE clock_due > 0;

-- What a unit's lists are ordered and narrowed by, so that they read its own cases alone, and mostly the index alone.
ALTER TABLE case_units ADD COLUMN case_state      TEXT    NOT NULL DEFAULT '';
ALTER TABLE case_units ADD COLUMN case_filed      BIGINT  NOT NULL DEFAULT 0;
ALTER TABLE case_units ADD COLUMN case_item       TEXT    NOT NULL DEFAULT '';
ALTER TABLE case_units ADD COLUMN case_district   TEXT    NOT NULL DEFAULT '';
ALTER TABLE case_units ADD COLUMN case_supervised BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE case_units ADD COLUMN case_order      BIGINT  NOT NULL DEFAULT 9000000000000000;
ALTER TABLE case_units ADD COLUMN case_level      BIGINT  NOT NULL DEFAULT 0;
ALTER TABLE case_units ADD COLUMN case_missing    BIGINT  NOT NULL DEFAULT 0;
UPDATE case_units SET (case_state, case_filed, case_item, case_district, case_supervised, case_order, case_level, case_missing) =
    (SELECT state, filed_at, item, district, supervised, clock_order, clock_level, calendar_missing FROM cases WHERE number = case_number);
CREATE INDEX case_units_filed ON case_units (unit, case_filed, case_number, case_state, case_item, case_district, case_supervised);
CREATE INDEX case_units_open_filed ON case_units (unit, case_filed, case_number)
    WHERE case_state IN ('triage', 'dispatched', 'signed', 'refused', 'replied', 'closed');
CREATE INDEX case_units_open_order ON case_units (unit, case_order, case_number)
    WHERE case_state IN ('triage', 'dispatched', 'signed', 'refused', 'replied', 'closed');
CREATE INDEX case_units_running ON case_units (unit, case_order, case_state, case_level, case_filed, case_number) WHERE case_order < 9000000000000000;
CREATE INDEX case_units_level ON case_units (unit, case_level, case_state, case_order, case_filed, case_number) WHERE case_level > 0;
CREATE INDEX case_units_missing ON case_units (unit, case_missing, case_state) WHERE case_missing > 0;

-- The open cases are few among all, and what everybody looks at.
CREATE INDEX cases_open_filed ON cases (filed_at, number) WHERE state IN ('triage', 'dispatched', 'signed', 'refused', 'replied', 'closed');
CREATE INDEX cases_open_order ON cases (clock_order, number) WHERE state IN ('triage', 'dispatched', 'signed', 'refused', 'replied', 'closed');
CREATE INDEX cases_order ON cases (clock_order, number);
CREATE INDEX cases_state_order ON cases (state, clock_order, number);
CREATE INDEX cases_category ON cases (category, filed_at, number);
CREATE INDEX cases_district ON cases (district, filed_at, number);
CREATE INDEX cases_supervised ON cases (filed_at, number, state) WHERE supervised;
CREATE INDEX cases_supervised_state ON cases (state) WHERE supervised;
CREATE INDEX cases_category_open ON cases (category, clock_order, number) WHERE state IN ('triage', 'dispatched', 'signed', 'refused', 'replied', 'closed');
CREATE INDEX cases_category_running ON cases (category, clock_order, unit) WHERE clock_order < 9000000000000000;
CREATE INDEX cases_running ON cases (clock_order, state, category, unit, clock_level) WHERE clock_order < 9000000000000000;

-- How many cases there are of each kind: for every viewer who sees all (viewer ''), and for each unit those that it sees.
CREATE TABLE case_tally (
    viewer   TEXT   NOT NULL,
    state    TEXT   NOT NULL,
    category TEXT   NOT NULL,
    unit     TEXT   NOT NULL,
    item     TEXT   NOT NULL,
    district TEXT   NOT NULL,
    cases    BIGINT NOT NULL,
    PRIMARY KEY (viewer, state, category, unit, item, district)
);
INSERT INTO case_tally (viewer, state, category, unit, item, district, cases)
    SELECT '', state, category, unit, item, district, count(*) FROM cases GROUP BY state, category, unit, item, district;
INSERT INTO case_tally (viewer, state, category, unit, item, district, cases)
    SELECT case_units.unit, state, category, cases.unit, item, district, count(*) FROM case_units JOIN cases ON number = case_number
    GROUP BY case_units.unit, state, category, cases.unit, item, district;

-- A list with its conditions, under a name that its owner gave it.
CREATE TABLE saved_filters (
    id         TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    name       TEXT   NOT NULL,
    query      TEXT   NOT NULL, -- of the list's address
    created_at BIGINT NOT NULL,
    UNIQUE (user_id, name)
);

-- Words that a unit's people use again in their answers.
CREATE TABLE reply_templates (
    id         TEXT   NOT NULL PRIMARY KEY,
    unit       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT   NOT NULL,
    UNIQUE (unit, name)
);
