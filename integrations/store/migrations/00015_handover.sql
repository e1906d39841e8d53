-- +goose Up

-- One call-back for each number that nobody answered, however many calls come at once.
CREATE UNIQUE INDEX tasks_missed ON tasks (complainant_id) WHERE kind = 'missed' AND done_at = 0;
