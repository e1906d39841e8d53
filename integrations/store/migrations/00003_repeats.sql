-- +goose Up

-- What each case is about, as judged at filing: four bytes of hash and four of weight for each trait, little endian, in order of hash. Cases
-- filed before this table have none.
CREATE TABLE matters (
    case_number TEXT  NOT NULL PRIMARY KEY REFERENCES cases (number),
    traits      BYTEA NOT NULL
);

-- Which open cases have a trait. The newest of them are the last ones, since a number begins with the day.
CREATE TABLE matter_traits (
    trait       BIGINT NOT NULL,
    case_number TEXT   NOT NULL,
    PRIMARY KEY (trait, case_number)
);

-- The cases of each mass incident, which is a task.
CREATE TABLE incident_cases (
    case_number TEXT NOT NULL PRIMARY KEY REFERENCES cases (number),
    task_id     TEXT NOT NULL REFERENCES tasks (id)
);
CREATE INDEX incident_cases_task ON incident_cases (task_id, case_number);
CREATE INDEX tasks_incidents ON tasks (created_at, id) WHERE done_at = 0 AND kind = 'incident';

-- Whoever raises a mass incident holds this row.
CREATE TABLE incident_turn (
    id    BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    taken BIGINT NOT NULL
);
INSERT INTO incident_turn (id, taken) VALUES (1, 0);
