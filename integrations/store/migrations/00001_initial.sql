-- One text for SQLite and PostgreSQL. Times are BIGINT, UTC milliseconds, 0 for "never". BYTEA is no word of SQLite's, but gives the
-- column an affinity that stores a blob untouched. Columns marked "sealed" hold SM4-GCM ciphertext, "…_index" a keyed SM3 hash.

-- +goose Up

-- Proves at every start that the key is the one that the sealed columns were written with.
CREATE TABLE keycheck (
    id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sealed TEXT   NOT NULL
);

CREATE TABLE complainants (
    id           TEXT    NOT NULL PRIMARY KEY,
    openid       TEXT    NOT NULL, -- sealed
    openid_index TEXT    NOT NULL,
    phone        TEXT    NOT NULL, -- sealed
    phone_index  TEXT    NOT NULL,
    name         TEXT    NOT NULL, -- sealed
    enterprise   TEXT    NOT NULL,
    following    BOOLEAN NOT NULL,
    created_at   BIGINT  NOT NULL
);
CREATE UNIQUE INDEX complainants_openid ON complainants (openid_index) WHERE openid_index <> '';
CREATE INDEX complainants_phone ON complainants (phone_index) WHERE phone_index <> '';

CREATE TABLE cases (
    number        TEXT    NOT NULL PRIMARY KEY,
    state         TEXT    NOT NULL CHECK (state IN ('triage', 'dispatched', 'signed', 'refused', 'replied', 'closed', 'struck_off',
                                                    'withdrawn', 'not_accepted', 'transferred')),
    version       BIGINT  NOT NULL CHECK (version > 0),
    complaint     TEXT    NOT NULL,
    enterprise    TEXT    NOT NULL, -- plain: it is searched
    contact_name  TEXT    NOT NULL, -- sealed
    phone         TEXT    NOT NULL, -- sealed
    confidential  BOOLEAN NOT NULL,
    channel       TEXT    NOT NULL,
    external_id   TEXT    NOT NULL,
    source        TEXT    NOT NULL,
    complainant_id TEXT   NOT NULL REFERENCES complainants (id),
    token         TEXT    NOT NULL,
    judgement     TEXT    NOT NULL, -- sealed JSON: it names people and phones
    category      TEXT    NOT NULL,
    item          TEXT    NOT NULL,
    unit          TEXT    NOT NULL,
    district      TEXT    NOT NULL,
    assisting     TEXT    NOT NULL, -- JSON
    confidence    DOUBLE PRECISION NOT NULL,
    filed_at      BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL,
    dispatched_at BIGINT  NOT NULL,
    reply         TEXT    NOT NULL,
    rating        TEXT    NOT NULL, -- JSON
    redos         BIGINT  NOT NULL,
    urges         BIGINT  NOT NULL,
    refused_by    TEXT    NOT NULL, -- JSON
    supervised    BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX cases_token ON cases (token) WHERE token <> '';
CREATE UNIQUE INDEX cases_external ON cases (source, external_id) WHERE external_id <> '';
CREATE INDEX cases_filed ON cases (filed_at, number);
CREATE INDEX cases_state ON cases (state, filed_at, number);
CREATE INDEX cases_unit ON cases (unit, filed_at, number);
CREATE INDEX cases_item ON cases (item, filed_at, number);
CREATE INDEX cases_complainant ON cases (complainant_id, filed_at, number);

-- Which units may see a case: its lead unit and those that assist.
CREATE TABLE case_units (
    unit        TEXT NOT NULL,
    case_number TEXT NOT NULL REFERENCES cases (number),
    PRIMARY KEY (unit, case_number)
);
CREATE INDEX case_units_case ON case_units (case_number);

CREATE TABLE events (
    id          TEXT   NOT NULL PRIMARY KEY,
    case_number TEXT   NOT NULL REFERENCES cases (number),
    seq         BIGINT NOT NULL CHECK (seq > 0),
    action      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    actor_role  TEXT   NOT NULL,
    actor_unit  TEXT   NOT NULL,
    actor_id    TEXT   NOT NULL,
    actor_name  TEXT   NOT NULL,
    from_state  TEXT   NOT NULL,
    to_state    TEXT   NOT NULL CHECK (to_state IN ('triage', 'dispatched', 'signed', 'refused', 'replied', 'closed', 'struck_off',
                                                    'withdrawn', 'not_accepted', 'transferred')),
    data        TEXT   NOT NULL, -- JSON
    UNIQUE (case_number, seq)
);

CREATE TABLE inbound (
    key_index      TEXT   NOT NULL PRIMARY KEY, -- the platform's key of an event contains the openid
    kind           TEXT   NOT NULL,
    complainant_id TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    reply          TEXT   NOT NULL -- sealed: it may repeat what the complainant said
);

CREATE TABLE dialogues (
    complainant_id TEXT   NOT NULL PRIMARY KEY REFERENCES complainants (id),
    state          TEXT   NOT NULL, -- sealed JSON
    version        BIGINT NOT NULL,
    wake_at        BIGINT NOT NULL
);
CREATE INDEX dialogues_wake ON dialogues (wake_at) WHERE wake_at > 0;

CREATE TABLE quotas (
    complainant_id TEXT   NOT NULL REFERENCES complainants (id),
    granted_by     TEXT   NOT NULL,
    remaining      BIGINT NOT NULL CHECK (remaining >= 0),
    ends_at        BIGINT NOT NULL,
    PRIMARY KEY (complainant_id, granted_by)
);

CREATE TABLE notices (
    id             TEXT   NOT NULL PRIMARY KEY,
    kind           TEXT   NOT NULL,
    case_number    TEXT   NOT NULL, -- '' for words of the conversation
    complainant_id TEXT   NOT NULL REFERENCES complainants (id),
    seq            BIGINT NOT NULL,
    body           TEXT   NOT NULL, -- sealed: it may repeat what the complainant said
    state          TEXT   NOT NULL CHECK (state IN ('pending', 'sent', 'delivered', 'failed')),
    rung           BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    claimed_by     TEXT   NOT NULL DEFAULT '', -- the worker that is delivering it
    claimed_until  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX notices_case ON notices (case_number, seq);

CREATE TABLE deliveries (
    notice_id   TEXT   NOT NULL REFERENCES notices (id),
    attempt     BIGINT NOT NULL,
    channel     TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    outcome     TEXT   NOT NULL,
    code        BIGINT NOT NULL,
    provider_id TEXT   NOT NULL,
    PRIMARY KEY (notice_id, attempt)
);
CREATE INDEX deliveries_provider ON deliveries (provider_id) WHERE provider_id <> '';

-- Reports of the platform that came before the attempt they speak of was recorded.
CREATE TABLE reports (
    provider_id TEXT   NOT NULL PRIMARY KEY,
    status      TEXT   NOT NULL,
    at          BIGINT NOT NULL
);

CREATE TABLE attachments (
    id             TEXT   NOT NULL PRIMARY KEY,
    complainant_id TEXT   NOT NULL,
    case_number    TEXT   NOT NULL, -- '' until filed
    kind           TEXT   NOT NULL,
    content_type   TEXT   NOT NULL,
    size           BIGINT NOT NULL,
    sha256         TEXT   NOT NULL,
    state          TEXT   NOT NULL CHECK (state IN ('pending', 'stored', 'rejected')),
    media_id       TEXT   NOT NULL,
    at             BIGINT NOT NULL
);
CREATE INDEX attachments_case ON attachments (case_number, at, id);

CREATE TABLE attachment_contents (
    attachment_id TEXT  NOT NULL PRIMARY KEY REFERENCES attachments (id),
    content       BYTEA NOT NULL
);

CREATE TABLE tasks (
    id             TEXT   NOT NULL PRIMARY KEY,
    kind           TEXT   NOT NULL,
    case_number    TEXT   NOT NULL,
    complainant_id TEXT   NOT NULL,
    note           TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    done_at        BIGINT NOT NULL,
    done_by        TEXT   NOT NULL
);
CREATE INDEX tasks_open ON tasks (created_at, id) WHERE done_at = 0;

CREATE TABLE users (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL UNIQUE,
    role         TEXT   NOT NULL,
    unit         TEXT   NOT NULL,
    hash         TEXT   NOT NULL,
    failures     BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    created_at   BIGINT NOT NULL
);

CREATE TABLE sessions (
    hash       TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    role       TEXT   NOT NULL,
    unit       TEXT   NOT NULL,
    hash       TEXT   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
