-- Review: what a person is asked about, what he said, and gold sets made of it.
-- Times are UTC; order by the integer key. Boxes are JSON lists [x0, y0, x1, y1, label, score or null, track or null] in
-- pixels of the source picture, whose size is width x height; the stored picture may be smaller.

CREATE TABLE review_items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tracking_id TEXT NOT NULL UNIQUE CHECK (length(tracking_id) = 36),   -- UUIDv7, made when the frame was looked at
    camera_id TEXT NOT NULL,
    camera_name TEXT NOT NULL,                                           -- as it was called then
    label TEXT NOT NULL,                                                 -- the class asked about; empty: the whole picture is
    score REAL,                                                          -- of its box; NULL: the whole picture
    track INTEGER,                                                       -- the tracker's number, within boot and camera
    reason TEXT NOT NULL CHECK (reason IN ('doubt', 'flicker', 'change', 'wrong', 'missed', 'random', 'import')),
    why TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(why)),              -- what the reason goes by, such as {"low": .3}
    probability REAL CHECK (probability > 0 AND probability <= 1),       -- with which a random item was drawn
    x0 REAL, y0 REAL, x1 REAL, y1 REAL,                                  -- the box asked about; NULL: the whole picture
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    boxes TEXT NOT NULL CHECK (json_valid(boxes)),                       -- all boxes of the frame
    model TEXT NOT NULL,                                                 -- the model package, as the settings name it
    ran TEXT NOT NULL CHECK (json_valid(ran)),                           -- what really ran: runtime, device, precision, variant
    taken_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    boot_id TEXT NOT NULL REFERENCES boot (boot_id),
    picture_id INTEGER REFERENCES pictures (id) ON DELETE SET NULL,      -- the whole picture, redacted
    crop_id INTEGER REFERENCES pictures (id) ON DELETE SET NULL,         -- what is around the box, small, redacted
    picture_why TEXT NOT NULL DEFAULT '',                                -- why there is none
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'skipped', 'second', 'disputed', 'done')),
    verdict_id INTEGER REFERENCES verdicts (id) ON DELETE SET NULL,      -- the one in force
    judged_by TEXT NOT NULL DEFAULT '',                                  -- whose that is; empty: there is none
    doubt REAL NOT NULL GENERATED ALWAYS AS (coalesce(score, -1.0)) VIRTUAL,  -- sorts whole pictures before all others
    taken_s INTEGER GENERATED ALWAYS AS (CAST(strftime('%s', taken_at) AS INTEGER)) VIRTUAL,  -- small enough for indexes
    CHECK ((reason = 'random') = (probability IS NOT NULL)),
    CHECK ((x0 IS NULL) = (score IS NULL) OR reason = 'import')
) STRICT;

-- A page is led by one of these, for each state by itself, in the order of ids or of scores. What more may be asked for
-- stands in them too, so that rows are looked at only for what is shown; console.review.queries says which leads when.
CREATE INDEX review_by_id ON review_items (state, id, taken_s);
CREATE INDEX review_by_id_and_camera ON review_items (state, camera_id, id, taken_s, label, reason);
CREATE INDEX review_by_id_and_label ON review_items (state, label, id, taken_s, reason);
CREATE INDEX review_by_id_and_reason ON review_items (state, reason, id, taken_s);
CREATE INDEX review_by_doubt ON review_items (state, doubt, id, taken_s);
CREATE INDEX review_by_doubt_and_camera ON review_items (state, camera_id, doubt, id, taken_s, label, reason);
CREATE INDEX review_by_doubt_and_label ON review_items (state, label, doubt, id, taken_s, reason);
CREATE INDEX review_by_doubt_and_reason ON review_items (state, reason, doubt, id, taken_s);
CREATE INDEX review_by_judge ON review_items (judged_by, state, id, doubt, taken_s, camera_id, label, reason)
WHERE judged_by <> '';
CREATE INDEX review_by_camera ON review_items (camera_id, id);
CREATE INDEX review_by_track ON review_items (camera_id, track, id) WHERE track IS NOT NULL;
CREATE INDEX review_by_picture ON review_items (picture_id) WHERE picture_id IS NOT NULL;
CREATE INDEX review_by_verdict ON review_items (verdict_id) WHERE verdict_id IS NOT NULL;
CREATE INDEX review_by_crop ON review_items (crop_id) WHERE crop_id IS NOT NULL;
CREATE INDEX review_random ON review_items (camera_id, label, id) WHERE reason = 'random';

-- Which item a picture was made for stands in its purpose too: alone, where a crash came before the item.
CREATE INDEX pictures_of_review ON pictures (substr(purpose, 8, 36)) WHERE purpose GLOB 'review ????????-*: *';

-- Every verdict ever given stays; a later one says which it replaces. `key` is made by whoever gives it, so that one
-- that is sent twice counts once.
CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE CHECK (length(key) = 36),
    item_id INTEGER NOT NULL REFERENCES review_items (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('accept', 'reject', 'relabel', 'edit', 'skip')),
    label TEXT NOT NULL DEFAULT '',                                      -- the class it is, where that was said
    boxes TEXT CHECK (boxes IS NULL OR json_valid(boxes)),               -- edit: all that is in the picture
    who TEXT NOT NULL CHECK (who <> ''),
    role TEXT NOT NULL CHECK (role IN ('first', 'second', 'supervisor', 'import')),
    decided_at TEXT NOT NULL,
    seconds REAL NOT NULL CHECK (seconds >= 0),                          -- how long it was looked at
    boot_id TEXT NOT NULL REFERENCES boot (boot_id),
    replaces INTEGER REFERENCES verdicts (id) ON DELETE SET NULL,
    before TEXT NOT NULL CHECK (before IN ('open', 'skipped', 'second', 'disputed', 'done')),  -- the item's state before it
    taken_back_at TEXT,
    bulk TEXT CHECK (length(bulk) = 36),                                 -- the key of the bulk it belongs to
    CHECK ((kind = 'edit') = (boxes IS NOT NULL)),
    CHECK (kind <> 'relabel' OR label <> '')
) STRICT;

CREATE INDEX verdicts_by_item ON verdicts (item_id, id);
CREATE INDEX verdicts_by_who ON verdicts (who, id);
CREATE INDEX verdicts_by_bulk ON verdicts (bulk, id) WHERE bulk IS NOT NULL;
CREATE INDEX verdicts_second ON verdicts (id) WHERE role = 'second';
CREATE INDEX verdicts_replaced ON verdicts (replaces) WHERE replaces IS NOT NULL;

-- What triage let go, by camera, class and hour: near-duplicates, over budget, no picture.
CREATE TABLE review_dropped (
    camera_id TEXT NOT NULL,
    label TEXT NOT NULL,
    hour TEXT NOT NULL,
    why TEXT NOT NULL CHECK (why IN ('duplicate', 'budget', 'crowded')),
    number INTEGER NOT NULL CHECK (number > 0),
    PRIMARY KEY (camera_id, label, hour, why)
) STRICT;

-- One row that counts every change of items and verdicts, so that a screen knows with one look whether there is any.
CREATE TABLE review_changed (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
) STRICT;
INSERT INTO review_changed VALUES (1, 0);

-- Gold sets: named, numbered, never changed. Only an erasure takes members away, and the set says how many.
CREATE TABLE gold_sets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CHECK (name <> ''),
    version INTEGER NOT NULL CHECK (version > 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),                    -- of all it holds; see console.datasets.gold
    labels TEXT NOT NULL CHECK (json_valid(labels)),                     -- classes, in the order that never changes
    members INTEGER NOT NULL CHECK (members > 0),
    spec TEXT NOT NULL CHECK (json_valid(spec)),                         -- what was asked for
    who TEXT NOT NULL,
    made_at TEXT NOT NULL,
    erased INTEGER NOT NULL DEFAULT 0 CHECK (erased >= 0),
    UNIQUE (name, version)
) STRICT;

CREATE TABLE gold_members (
    id INTEGER PRIMARY KEY,
    set_id INTEGER NOT NULL REFERENCES gold_sets (id) ON DELETE CASCADE,
    item_id INTEGER REFERENCES review_items (id) ON DELETE CASCADE,
    tracking_id TEXT NOT NULL,
    split TEXT NOT NULL CHECK (split IN ('train', 'val', 'test')),
    picture_id INTEGER NOT NULL REFERENCES pictures (id) ON DELETE RESTRICT,
    picture_sha256 TEXT NOT NULL CHECK (length(picture_sha256) = 64),
    truth TEXT NOT NULL CHECK (json_valid(truth)),                       -- boxes as above, without scores
    exhaustive INTEGER NOT NULL CHECK (exhaustive IN (0, 1)),            -- 1: all there is in the picture; 0: one box was judged
    asked TEXT NOT NULL CHECK (json_valid(asked)),                       -- {"box": the box asked about or null, "verdict": its kind, "label"}
    UNIQUE (set_id, tracking_id)
) STRICT;

CREATE INDEX gold_members_by_item ON gold_members (item_id) WHERE item_id IS NOT NULL;
CREATE INDEX gold_members_by_picture ON gold_members (picture_id);

CREATE TRIGGER gold_sets_stay BEFORE UPDATE OF name, version, sha256, labels, members, who, made_at ON gold_sets
BEGIN SELECT RAISE(ABORT, 'a gold set is never changed'); END;
CREATE TRIGGER gold_sets_keep_their_spec BEFORE UPDATE OF spec ON gold_sets
WHEN NOT EXISTS (SELECT 1 FROM erasures WHERE stage = 'rows')
BEGIN SELECT RAISE(ABORT, 'a gold set is never changed'); END;
CREATE TRIGGER gold_members_stay BEFORE UPDATE ON gold_members
BEGIN SELECT RAISE(ABORT, 'a gold set is never changed'); END;
CREATE TRIGGER gold_members_kept BEFORE DELETE ON gold_members
WHEN NOT EXISTS (SELECT 1 FROM erasures WHERE stage = 'rows')
BEGIN SELECT RAISE(ABORT, 'a gold set is never changed'); END;
CREATE TRIGGER gold_members_erased AFTER DELETE ON gold_members
BEGIN UPDATE gold_sets SET erased = erased + 1 WHERE id = OLD.set_id; END;
