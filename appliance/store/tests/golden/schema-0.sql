-- A database as the versions with schema 0 have left it: records without sums, a history without differences.
PRAGMA application_id = 1180192852;
PRAGMA user_version = 0;
CREATE TABLE settings (key TEXT NOT NULL PRIMARY KEY, form TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO settings VALUES ('sip/transport', '{"position":1048576,"known":true,"text":"udp"}');
INSERT INTO settings VALUES ('dect/name', '{"position":2097152,"known":true,"text":"Büro"}');
INSERT INTO settings VALUES ('sip/auth/password', '{"position":3145728,"known":true,"text":{"sealed":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}}');
CREATE TABLE users (key TEXT NOT NULL PRIMARY KEY, form TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO users VALUES ('4711', '[["username","4711"],["displayname","O''Neill"]]');
INSERT INTO users VALUES ('4712', '[["username","4712"]]');
CREATE TABLE subscriptions (key TEXT NOT NULL PRIMARY KEY, form TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO subscriptions VALUES ('00077-0000001', '{"version":1,"ipei":"00077 0000001 2","ipui_bits":40,"ipui":"0009a00001","tpui":null,"keys":{"confirmed":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"},"located":null,"terminal_capability":"","model":""}');
CREATE TABLE rfps (key TEXT NOT NULL PRIMARY KEY, form TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO rfps VALUES ('00:30:42:01:02:03', '{"version":1,"mac":"00:30:42:01:02:03","rpn":7,"link_key":null}');
CREATE TABLE generations (number INTEGER NOT NULL PRIMARY KEY, at_us INTEGER NOT NULL, who TEXT NOT NULL, where_from TEXT NOT NULL, what TEXT NOT NULL) STRICT;
INSERT INTO generations VALUES (2, 1700000000000000, 'admin', 'console', 'first');
INSERT INTO generations VALUES (3, 1700000001000000, 'admin', 'console', 'second');
