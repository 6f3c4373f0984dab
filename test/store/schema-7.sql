-- A database of schema 7 as the release before governance wrote it, with an approval, tokens, a counter and a secret in it. It is never
-- edited: homes like it are out there, and test/store/upgrade.test.ts opens it with the release of today.
PRAGMA application_id = 1397572432;
PRAGMA user_version = 7;
CREATE TABLE record (
    idx INTEGER PRIMARY KEY CHECK (idx >= 0),
    envelope TEXT NOT NULL,
    invocation TEXT NOT NULL,
    phase TEXT NOT NULL
  ) STRICT;
CREATE INDEX record_by_invocation ON record (invocation, idx, phase) WHERE invocation <> '';
CREATE TABLE leaf (
    idx INTEGER PRIMARY KEY REFERENCES record (idx),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
  ) STRICT;
CREATE TABLE disclosure (
    idx INTEGER PRIMARY KEY REFERENCES record (idx),
    args TEXT,
    result TEXT
  , transcript TEXT, statement TEXT) STRICT;
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY CHECK (size > 0),
    note TEXT NOT NULL
  ) STRICT;
CREATE TABLE token (
    id TEXT PRIMARY KEY,
    agent TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    revoked_ms INTEGER
  ) STRICT, WITHOUT ROWID;
CREATE TABLE policy (
    version INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    text TEXT NOT NULL,
    applied_ms INTEGER NOT NULL
  , is_recorded INTEGER NOT NULL DEFAULT 1, applied_by TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
CREATE TABLE freeze (
    kind TEXT NOT NULL CHECK (kind IN ('all', 'writes', 'agent', 'plugin')),
    name TEXT NOT NULL,
    frozen_by TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT;
CREATE TABLE disabled_plugin (
    name TEXT PRIMARY KEY,
    disabled_by TEXT NOT NULL,
    since_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
CREATE TABLE keyed_call (
    agent TEXT NOT NULL,
    tool TEXT NOT NULL,
    key TEXT NOT NULL,
    args_digest TEXT NOT NULL,
    invocation TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    outcome TEXT,
    PRIMARY KEY (agent, tool, key)
  ) STRICT;
CREATE INDEX keyed_call_by_age ON keyed_call (created_ms);
CREATE TABLE plugin_value (
    plugin TEXT NOT NULL,
    agent TEXT NOT NULL,
    key TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (plugin, agent, key)
  ) STRICT, WITHOUT ROWID;
CREATE TABLE approval (
    id TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    args TEXT
  ) STRICT;
CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    set_ms INTEGER NOT NULL,
    set_by TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
CREATE TABLE counter (
    key TEXT PRIMARY KEY,
    window_ms INTEGER NOT NULL,
    per_ms INTEGER NOT NULL,
    used INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
INSERT INTO token (id, agent, secret_hash, created_ms, expires_ms, revoked_ms) VALUES ('0487ffc25bf7ef3d', 'demo', '27b876f563c3c2329009a9df946041d866905e7582c045a931033f7836b510e9', 1796046026301, 1796046626301, 1796046026851);
INSERT INTO token (id, agent, secret_hash, created_ms, expires_ms, revoked_ms) VALUES ('d92e4734a5402fcf', 'demo', '1ede9a64f4cadfe74b17beaf02c9863a5808d21a6a1e6c2cf988659ac3fb4414', 1796046073989, 1798638073989, NULL);
INSERT INTO approval (id, request, args) VALUES ('74e520da903afd8a', '{"id":"74e520da903afd8a","createdMs":1796046027276,"expiresMs":1796650827276,"statement":"{\"nonce\":\"E-7Uim2CiVPbxcXSqGsbcqbf4fuvvzcrfjGiZ2-qdMU\",\"value\":{\"agent\":\"demo\",\"approval\":\"74e520da903afd8a\",\"args\":\"sha256:e67a407efc3a2d0ca9558bd61d4c3bb6aa79037b1bd1463a47df31782dbdaa43\",\"capabilities\":{},\"chain\":[],\"created\":\"2026-11-30T13:40:27.276Z\",\"expires\":\"2026-12-07T13:40:27.276Z\",\"policy\":{\"digest\":\"sha256:184fc2677e519abe3fcf13f997ab66d0ed3b2fd260feca6083d4edce6cb89eba\",\"version\":2},\"rule\":{\"digest\":\"sha256:03fcbbc19a39a05aa2e416c51f1faf63193b3da0baa96485286bea4ebd962f7d\",\"name\":\"ask\"},\"tool\":{\"effect\":\"pure\",\"name\":\"demo_math__calculate\",\"plugin\":{\"manifest\":\"sha256:51564c29e23e6da7a93868422029f7c37eb838eb5dfc36f1c488f8d124723778\",\"name\":\"demo_math\",\"package\":\"sha256:18ee471464bc8329a849778d9da34379a37974d7a1697eac4a166323b32da61a\",\"version\":\"1.0.0\"},\"schema\":\"sha256:382577d8fe0a505f9db00ed8540cd90dc0396fb84f4bfad21ed454ae89654816\"}}}","digest":"sha256:05dd45a5d499155eb06d79b474afe590950d293fbbee8485b4160630c310f2c9","binding":"sha256:4088125c76340d7a490693aadc3c4158ccbf7dcafc007bc66350bed235a46e7f","agent":"demo","tool":"demo_math__calculate","trustsClient":false,"state":"approved","decision":{"by":{"kind":"admin"},"atMs":1796046150986,"record":{"index":42,"leaf":"7+aLfYZXEvj6vC9i3Y4kWTM9EU49J7BXGsJOXODptB8="}}}', '{"a":1,"b":2,"operation":"add"}');
INSERT INTO counter (key, window_ms, per_ms, used) VALUES ('id:text calls 86400000 demo', 1795996800000, 86400000, 5);
INSERT INTO secret (name, version, key_id, sealed, set_ms, set_by) VALUES ('demo_key', 1, '1b82f03cbaf988a9374ed2e73bc67acd', x'c23f1f3794e5c629873226880b2006e0f17ab01d2e9a8046b5ca8ebf523bb6f8b5f9cc0fb1', 1796046075968, 'admin');
INSERT INTO plugin_value (plugin, agent, key, json) VALUES ('notes', 'demo', 'k', '{"v":1}');
INSERT INTO freeze (kind, name, frozen_by, since_ms) VALUES ('agent', 'demo', 'admin', 1796046026301);
