// Package store is Jiesu's only record: routing.Store on SQLite or PostgreSQL, from one SQL text.
//
// SQLite has one write connection, shared with the job queue, and a pool of readers beside it. Functions given to Update that wait at
// the same time are committed together (group.go), because the flush to disk is what a commit costs. PostgreSQL runs every function
// in a transaction of its own and again when the database asks for it.
//
// Personal data (phone, name, openid, and whatever may repeat them) is sealed with SM4-GCM and looked up by keyed SM3 hashes
// (vault.go). The text of a complaint and the enterprise's name are plain, because they are searched.
package store
