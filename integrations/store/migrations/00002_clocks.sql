-- The clocks of a case as lists show and search them, and when they are looked at again. They are a projection of the events.

-- +goose Up

ALTER TABLE cases ADD COLUMN urgency          TEXT   NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN named            BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN clock            TEXT   NOT NULL DEFAULT '{}'; -- JSON
ALTER TABLE cases ADD COLUMN clock_due        BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN clock_level      BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN calendar_missing BIGINT NOT NULL DEFAULT 0; -- the year, 0: none
ALTER TABLE cases ADD COLUMN next_tick        BIGINT NOT NULL DEFAULT 0;

-- Cases from before have no projection yet: the first tick makes it.
UPDATE cases SET next_tick = 1 WHERE state IN ('triage', 'dispatched', 'signed', 'refused', 'replied', 'closed');

-- Partial, so that looking for what is due reads nothing of the many cases that are done. The last two count by state.
CREATE INDEX cases_next_tick ON cases (next_tick, number) WHERE next_tick > 0;
CREATE INDEX cases_clock_due ON cases (clock_due, number) WHERE clock_due > 0;
CREATE INDEX cases_clock_level ON cases (state, clock_level) WHERE clock_level > 0;
CREATE INDEX cases_calendar ON cases (state, calendar_missing) WHERE calendar_missing > 0;
