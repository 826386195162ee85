-- The outbox: what leaves the site, written in the transaction of what it carries, and how far it is with each target.
-- Order by the integer key, never by a time: a clock can be set back.

-- What an event is called towards the outside; NULL: it is older than the outbox.
ALTER TABLE events ADD COLUMN tracking_id TEXT CHECK (length(tracking_id) = 36);
CREATE UNIQUE INDEX events_by_tracking_id ON events (tracking_id) WHERE tracking_id IS NOT NULL;

-- What goes where, as the settings have it: every writer of every process fans out by the same rows. camera_id is
-- empty for all cameras; a camera that is named in a row of its target and route goes by that row alone.
CREATE TABLE outbox_routes (
    target TEXT NOT NULL CHECK (target <> ''),
    route TEXT NOT NULL CHECK (route IN ('erased', 'audit', 'event', 'verdict', 'item',
                                         'event picture', 'verdict picture', 'item picture', 'sealed')),
    camera_id TEXT NOT NULL,
    goes INTEGER NOT NULL CHECK (goes IN (0, 1)),                        -- 0: nothing of this camera goes this way
    PRIMARY KEY (target, route, camera_id)
) STRICT, WITHOUT ROWID;

-- A message: what leaves, the same for all targets.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE CHECK (length(message_id) = 36),     -- UUIDv7; a target takes each once
    tracking_id TEXT NOT NULL CHECK (length(tracking_id) = 36),
    kind TEXT NOT NULL CHECK (kind IN ('erased', 'audit', 'event', 'verdict', 'item', 'picture', 'sealed')),
    camera_id TEXT NOT NULL,                                             -- empty: of no camera
    body TEXT NOT NULL CHECK (json_valid(body)),
    picture_id INTEGER REFERENCES pictures (id) ON DELETE SET NULL,
    sealed_id INTEGER REFERENCES sealed (id) ON DELETE SET NULL,
    bytes INTEGER NOT NULL CHECK (bytes >= 0),                           -- of body and file
    written_at TEXT NOT NULL,
    boot_id TEXT NOT NULL
) STRICT;

CREATE INDEX outbox_by_tracking_id ON outbox (tracking_id, id);
CREATE INDEX outbox_erased ON outbox (id) WHERE kind = 'erased';
CREATE INDEX outbox_by_picture ON outbox (picture_id) WHERE picture_id IS NOT NULL;
CREATE INDEX outbox_by_sealed ON outbox (sealed_id) WHERE sealed_id IS NOT NULL;

-- waiting: to be sent; later: a picture that came when the quota was reached, and is not held; sent: the target has
-- confirmed it; refused: the target will never take it as it is, so it is set aside until a person decides.
CREATE TABLE outbox_deliveries (
    outbox_id INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    priority INTEGER NOT NULL,                                           -- lower ones first
    bytes INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'later', 'sent', 'refused')),
    attempts INTEGER NOT NULL DEFAULT 0,
    tried_at TEXT,
    sent_at TEXT,
    error TEXT NOT NULL DEFAULT '',                                      -- why the last attempt failed, in words
    answer TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(answer)),        -- what the target said when it took it
    PRIMARY KEY (target, outbox_id),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_next ON outbox_deliveries (target, priority, outbox_id) WHERE state = 'waiting';
CREATE INDEX outbox_aside ON outbox_deliveries (target, state, outbox_id) WHERE state IN ('refused', 'later');
CREATE INDEX outbox_sent ON outbox_deliveries (target, kind, outbox_id) WHERE state = 'sent';
CREATE INDEX outbox_deliveries_of ON outbox_deliveries (outbox_id, state);

-- How many there are, kept in step by triggers, so that a screen may ask at any time.
CREATE TABLE outbox_counts (
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    number INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (target, kind, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER outbox_counts_in AFTER INSERT ON outbox_deliveries
BEGIN
    INSERT INTO outbox_counts VALUES (NEW.target, NEW.kind, NEW.state, 1, NEW.bytes)
    ON CONFLICT DO UPDATE SET number = number + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER outbox_counts_move AFTER UPDATE OF state ON outbox_deliveries WHEN OLD.state <> NEW.state
BEGIN
    UPDATE outbox_counts SET number = number - 1, bytes = bytes - OLD.bytes
    WHERE target = OLD.target AND kind = OLD.kind AND state = OLD.state;
    INSERT INTO outbox_counts VALUES (NEW.target, NEW.kind, NEW.state, 1, NEW.bytes)
    ON CONFLICT DO UPDATE SET number = number + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER outbox_counts_out AFTER DELETE ON outbox_deliveries
BEGIN
    UPDATE outbox_counts SET number = number - 1, bytes = bytes - OLD.bytes
    WHERE target = OLD.target AND kind = OLD.kind AND state = OLD.state;
END;

-- What is known of a target beside its settings, from run to run and for whoever looks from another process.
CREATE TABLE outbox_targets (
    name TEXT PRIMARY KEY CHECK (name <> ''),
    paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    asked INTEGER NOT NULL DEFAULT 0,                                    -- counts up each time somebody wants it tried now
    state TEXT NOT NULL DEFAULT '',                                      -- what its uploader is at; empty: none ran yet
    problem TEXT NOT NULL DEFAULT '',                                    -- why nothing is sent, in words
    hint TEXT NOT NULL DEFAULT '',
    problem_kind TEXT NOT NULL DEFAULT '',
    since TEXT,                                                          -- when state became so
    next_try_at TEXT,
    sent INTEGER NOT NULL DEFAULT 0,                                     -- so many messages ever
    sent_bytes INTEGER NOT NULL DEFAULT 0,
    last_sent_at TEXT
) STRICT;

-- What stands at an object store, so that it is resumed by object, listed with its sha256, and found when it is erased.
CREATE TABLE outbox_objects (
    target TEXT NOT NULL,
    path TEXT NOT NULL,
    tracking_id TEXT NOT NULL,
    outbox_id INTEGER NOT NULL,                                          -- the message it is of: an older one never follows
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    bytes INTEGER NOT NULL,
    about TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(about)),
    shard TEXT NOT NULL,                                                 -- which list (manifest, annotations) names it
    put_at TEXT NOT NULL,
    PRIMARY KEY (target, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_objects_by_tracking_id ON outbox_objects (target, tracking_id);
CREATE INDEX outbox_objects_by_shard ON outbox_objects (target, shard);

-- Lists that are behind what stands at the object store.
CREATE TABLE outbox_stale_shards (
    target TEXT NOT NULL,
    shard TEXT NOT NULL,
    PRIMARY KEY (target, shard)
) STRICT, WITHOUT ROWID;

-- Class numbers of a target never change.
CREATE TABLE outbox_labels (
    target TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 0),
    label TEXT NOT NULL,
    PRIMARY KEY (target, number),
    UNIQUE (target, label)
) STRICT, WITHOUT ROWID;
