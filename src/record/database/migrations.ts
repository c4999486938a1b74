/** The database's layout, one numbered step after another. A released step is never changed: later ones are added. */

/** SQL that brings a database from the version before to this one. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** Hash before the first row. */
export const GENESIS_HASH = '0'.repeat(64);

/*
 * `scope` tells the projection of all rows (`now`) from that of the pruned rows alone (`anchor`): together with the rows
 * that are left, the anchor yields `now` again, which is what verification checks.
 */
const TRAIL = `
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  client TEXT,
  condition TEXT,
  numbers TEXT,
  tier INTEGER,
  duration_seconds REAL,
  enforced INTEGER NOT NULL,
  detail TEXT NOT NULL,
  config_version TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_client ON audit (client, id) WHERE client IS NOT NULL;

CREATE TABLE chain (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  head_id INTEGER NOT NULL,
  head_hash TEXT NOT NULL,
  anchor_id INTEGER NOT NULL,
  anchor_hash TEXT NOT NULL
) STRICT;
INSERT INTO chain VALUES (1, 0, '${GENESIS_HASH}', 0, '${GENESIS_HASH}');

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN OLD.id > (SELECT anchor_id FROM chain)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN NEW.id <= (SELECT head_id FROM chain)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

CREATE TABLE bans (
  scope TEXT NOT NULL,
  client TEXT NOT NULL,
  condition TEXT NOT NULL,
  tier INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  until_ms INTEGER,
  enforced INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  audit_id INTEGER NOT NULL,
  confirmed INTEGER NOT NULL,
  numbers TEXT,
  PRIMARY KEY (scope, client)
) STRICT, WITHOUT ROWID;
CREATE TABLE offences (
  scope TEXT NOT NULL,
  enforced INTEGER NOT NULL,
  client TEXT NOT NULL,
  tier INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  PRIMARY KEY (scope, enforced, client)
) STRICT, WITHOUT ROWID;
CREATE TABLE allowed (
  scope TEXT NOT NULL,
  entry TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  audit_id INTEGER NOT NULL,
  PRIMARY KEY (scope, entry)
) STRICT, WITHOUT ROWID;
CREATE TABLE totals (
  scope TEXT NOT NULL,
  action TEXT NOT NULL,
  enforced INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  PRIMARY KEY (scope, action, enforced)
) STRICT, WITHOUT ROWID;

CREATE TABLE positions (
  path TEXT PRIMARY KEY,
  device REAL NOT NULL,
  inode REAL NOT NULL,
  offset INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  fingerprint_bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE state (
  key TEXT PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;
`;

const OUTBOX = `
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  notification TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  due_ms INTEGER NOT NULL
) STRICT;
`;

/*
 * A position as the source gives it, whole: what it needs to find its place again is its own business. The casts keep
 * SQLite from writing inodes in the form 1.2e+18.
 */
const WHOLE_POSITIONS = `
CREATE TABLE whole_positions (
  path TEXT PRIMARY KEY,
  position TEXT NOT NULL
) STRICT;
INSERT INTO whole_positions SELECT path, json_object(
  'path', path, 'device', CAST(device AS INTEGER), 'inode', CAST(inode AS INTEGER), 'offset', offset,
  'fingerprint', fingerprint, 'fingerprintBytes', fingerprint_bytes) FROM positions;
DROP TABLE positions;
ALTER TABLE whole_positions RENAME TO positions;
`;

/* The order of `zban list`, so that the first few of a million bans are read without the others. */
const BANS_BY_START = `
CREATE INDEX bans_by_start ON bans (since_ms, client) WHERE scope = 'now';
`;

/* Each channel has rows of its own; until then there was Slack alone. */
const OUTBOX_OF_CHANNELS = `
ALTER TABLE outbox ADD COLUMN channel TEXT NOT NULL DEFAULT 'slack';
`;

/* Counts of rows by action, which nothing read. */
const NO_TOTALS = `
DROP TABLE totals;
`;

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, sql: TRAIL },
  { version: 2, sql: OUTBOX },
  { version: 3, sql: WHOLE_POSITIONS },
  { version: 4, sql: BANS_BY_START },
  { version: 5, sql: OUTBOX_OF_CHANNELS },
  { version: 6, sql: NO_TOTALS },
];
