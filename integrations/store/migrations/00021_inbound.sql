-- +goose Up

-- Keys of messages are forgotten by their age.
CREATE INDEX inbound_at ON inbound (at);
