-- +goose Up

-- Robots of group chats, which tell staff, and endpoints that are told of one unit's cases alone.
ALTER TABLE hook_endpoints ADD COLUMN robot TEXT NOT NULL DEFAULT ''; -- wecom, dingtalk; '': a system
ALTER TABLE hook_endpoints ADD COLUMN unit TEXT NOT NULL DEFAULT '';  -- '': all
