-- A database of layout 1 as zban wrote it; never changed. See database.test.ts.
PRAGMA user_version = 1;
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
INSERT INTO audit VALUES (3, 1795169472123, 'system', 'prune', NULL, NULL, '{"rows":2,"anchor_id":2,"anchor_hash":"54337444520cc051038777c2d72ef5de19e822a7a8c699f04ff463e28ac04e52","offences_before_ms":0}', NULL, NULL, 1, '2 rows older than 2026-11-20T10:11:12.123Z deleted', 'c0ffee123456', 'e0460910d5ccbf1a1b74964c64ea6102ce51102cb87642873cf4a85629a901b9');
INSERT INTO audit VALUES (4, 1795169472123, 'policy', 'ban', '192.0.2.1', 'multiplier', '{"rate":5.2,"mean":0.7,"stddev":0.55,"z":8.18,"multiple":7.43,"limit":3.5,"requests":312,"errors":3,"error_ratio":0.01,"baseline_error_ratio":0.03,"window_seconds":60,"samples":[{"time":"2026-11-20T10:11:12Z","method":"GET","path":"/a?b","status":200,"user_agent":"curl"}]}', 1, 600, 1, '', 'c0ffee123456', '40f94f8870360a3a31ecb387f8a0a3bbbf7fbddac72d8547bdc96025f8d16819');
INSERT INTO audit VALUES (5, 1795169472123, 'system', 'ban_result', '192.0.2.1', NULL, NULL, NULL, NULL, 1, 'ok', 'c0ffee123456', '4cd9b97bbfc6d58984028b30c259bf00800474a0146b6e6965da004908b43671');
INSERT INTO audit VALUES (6, 1795169472123, 'policy', 'ban', '192.0.2.2', 'multiplier', '{"rate":5.2,"mean":0.7,"stddev":0.55,"z":8.18,"multiple":7.43,"limit":3.5,"requests":312,"errors":3,"error_ratio":0.01,"baseline_error_ratio":0.03,"window_seconds":60,"samples":[{"time":"2026-11-20T10:11:12Z","method":"GET","path":"/a?b","status":200,"user_agent":"curl"}]}', 4, NULL, 1, '', 'c0ffee123456', '6a6111ce03bd1896a124201a8819e623ffcbbb2bf962d834639284ad2ce8ae8d');
INSERT INTO audit VALUES (7, 1795169472123, 'policy', 'ban', '2001:db8::/64', 'multiplier', '{"rate":5.2,"mean":0.7,"stddev":0.55,"z":8.18,"multiple":7.43,"limit":3.5,"requests":312,"errors":3,"error_ratio":0.01,"baseline_error_ratio":0.03,"window_seconds":60,"samples":[{"time":"2026-11-20T10:11:12Z","method":"GET","path":"/a?b","status":200,"user_agent":"curl"}]}', 1, 600, 0, '', 'c0ffee123456', 'a9c820004340bad801758b63e3962461373969c0b4dfd10acc2ba34ebe0ed8e6');
INSERT INTO audit VALUES (8, 1795170072123, 'system', 'unban', '192.0.2.1', NULL, NULL, NULL, NULL, 1, 'expired', 'c0ffee123456', 'd2c7de579db33aec20a9954b3dc7066931b6a4be156b8f5e2f5a63b07802e4ad');
INSERT INTO audit VALUES (9, 1795169472123, 'operator:ann', 'allow', '198.51.100.0/24', NULL, NULL, NULL, NULL, 1, 'office', 'c0ffee123456', 'ece8ca581fad42852cb7a69e311a88bffa32442a5357082c5aa3fce14cb1b716');
CREATE TABLE chain (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  head_id INTEGER NOT NULL,
  head_hash TEXT NOT NULL,
  anchor_id INTEGER NOT NULL,
  anchor_hash TEXT NOT NULL
) STRICT;
INSERT INTO chain VALUES (1, 9, 'ece8ca581fad42852cb7a69e311a88bffa32442a5357082c5aa3fce14cb1b716', 2, '54337444520cc051038777c2d72ef5de19e822a7a8c699f04ff463e28ac04e52');
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
INSERT INTO bans VALUES ('now', '192.0.2.2', 'multiplier', 4, 1795169472123, NULL, 1, 'policy', '', 6, 0, NULL);
INSERT INTO bans VALUES ('now', '2001:db8::/64', 'multiplier', 1, 1795169472123, 1795170072123, 0, 'policy', '', 7, 0, NULL);
CREATE TABLE offences (
  scope TEXT NOT NULL,
  enforced INTEGER NOT NULL,
  client TEXT NOT NULL,
  tier INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  PRIMARY KEY (scope, enforced, client)
) STRICT, WITHOUT ROWID;
INSERT INTO offences VALUES ('now', 0, '2001:db8::/64', 1, 1795170072123);
INSERT INTO offences VALUES ('now', 1, '192.0.2.1', 1, 1795170072123);
INSERT INTO offences VALUES ('now', 1, '192.0.2.2', 4, 1795169472123);
CREATE TABLE allowed (
  scope TEXT NOT NULL,
  entry TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  audit_id INTEGER NOT NULL,
  PRIMARY KEY (scope, entry)
) STRICT, WITHOUT ROWID;
INSERT INTO allowed VALUES ('now', '198.51.100.0/24', 1795169472123, 'operator:ann', 'office', 9);
CREATE TABLE totals (
  scope TEXT NOT NULL,
  action TEXT NOT NULL,
  enforced INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  PRIMARY KEY (scope, action, enforced)
) STRICT, WITHOUT ROWID;
INSERT INTO totals VALUES ('anchor', 'start', 1, 1);
INSERT INTO totals VALUES ('anchor', 'trouble', 1, 1);
INSERT INTO totals VALUES ('now', 'allow', 1, 1);
INSERT INTO totals VALUES ('now', 'ban', 0, 1);
INSERT INTO totals VALUES ('now', 'ban', 1, 2);
INSERT INTO totals VALUES ('now', 'ban_result', 1, 1);
INSERT INTO totals VALUES ('now', 'prune', 1, 1);
INSERT INTO totals VALUES ('now', 'start', 1, 1);
INSERT INTO totals VALUES ('now', 'trouble', 1, 1);
INSERT INTO totals VALUES ('now', 'unban', 1, 1);
CREATE TABLE positions (
  path TEXT PRIMARY KEY,
  device REAL NOT NULL,
  inode REAL NOT NULL,
  offset INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  fingerprint_bytes INTEGER NOT NULL
) STRICT;
INSERT INTO positions VALUES ('/var/log/nginx/access.log', 66306.0, 1152921504606847000.0, 4711, 'ab12', 256);
CREATE TABLE state (
  key TEXT PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;
INSERT INTO state VALUES ('baseline', x'7b226c6561726e6564223a747275657d');
CREATE INDEX audit_client ON audit (client, id) WHERE client IS NOT NULL;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN OLD.id > (SELECT anchor_id FROM chain)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN NEW.id <= (SELECT head_id FROM chain)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
