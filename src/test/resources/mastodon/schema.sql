-- A database of our own in the shape of Mastodon's: the features that make copying hard, not its tables one by one.
-- Run by the database's owner, who is no superuser.

CREATE SEQUENCE accounts_id_seq;
CREATE SEQUENCE statuses_id_seq;
CREATE SEQUENCE media_attachments_id_seq;

-- Ids made of time and a salted sequence: the salt lives only in this body, so the function must be copied, never made anew.
CREATE FUNCTION timestamp_id(relation text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  moment bigint := (extract(epoch FROM clock_timestamp()) * 1000)::bigint << 16;
  salt bigint := ('x' || substr(md5(relation || '6f1c2f0e9d5b4ab8b7d1f3c2a9e47d10' || moment::text), 1, 4))::bit(16)::bigint;
BEGIN
  RETURN moment | ((salt + nextval(quote_ident(relation || '_id_seq'))) & 65535);
END
$$;

CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY);
CREATE TABLE ar_internal_metadata (
  key varchar NOT NULL PRIMARY KEY, value varchar, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);

CREATE TABLE accounts (
  id bigint PRIMARY KEY DEFAULT timestamp_id('accounts'),
  username varchar NOT NULL DEFAULT '',
  domain varchar,
  display_name varchar NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  uri varchar NOT NULL DEFAULT '',
  private_key text,
  public_key text NOT NULL DEFAULT '',
  fields jsonb,
  also_known_as varchar[],
  actor_type varchar,
  discoverable boolean,
  silenced_at timestamp,
  suspended_at timestamp,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL);
CREATE UNIQUE INDEX index_accounts_on_username_and_domain_lower ON accounts (lower(username), COALESCE(lower(domain), ''));
CREATE INDEX index_accounts_on_domain_and_id ON accounts (domain, id);
CREATE INDEX index_accounts_on_uri ON accounts (uri) WHERE uri <> '';
CREATE INDEX search_index ON accounts USING gin (
  (setweight(to_tsvector('simple', display_name), 'A') || setweight(to_tsvector('simple', username), 'B') || setweight(to_tsvector('simple', COALESCE(domain, '')), 'C')));

CREATE TABLE users (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  email varchar NOT NULL DEFAULT '',
  encrypted_password varchar NOT NULL DEFAULT '',
  otp_backup_codes varchar[],
  chosen_languages varchar[],
  sign_up_ip inet,
  settings text,
  current_sign_in_at timestamp,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL);
CREATE UNIQUE INDEX index_users_on_email ON users (email);
CREATE INDEX index_users_on_account_id ON users (account_id);

CREATE TABLE session_activations (
  id bigserial PRIMARY KEY,
  session_id varchar NOT NULL UNIQUE,
  user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  ip inet,
  user_agent varchar NOT NULL DEFAULT '',
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL);

CREATE TABLE conversations (id bigserial PRIMARY KEY, uri varchar, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
CREATE UNIQUE INDEX index_conversations_on_uri ON conversations (uri text_pattern_ops) WHERE uri IS NOT NULL;

CREATE TABLE statuses (
  id bigint PRIMARY KEY DEFAULT timestamp_id('statuses'),
  uri varchar,
  text text NOT NULL DEFAULT '',
  spoiler_text text NOT NULL DEFAULT '',
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  in_reply_to_id bigint REFERENCES statuses (id) ON DELETE SET NULL,
  reblog_of_id bigint REFERENCES statuses (id) ON DELETE CASCADE,
  conversation_id bigint,
  sensitive boolean NOT NULL DEFAULT false,
  visibility integer NOT NULL DEFAULT 0,
  language varchar,
  local boolean,
  ordered_media_attachment_ids bigint[],
  edited_at timestamp,
  deleted_at timestamp,
  created_at timestamp NOT NULL DEFAULT now(),
  updated_at timestamp NOT NULL DEFAULT now());
CREATE UNIQUE INDEX index_statuses_on_uri ON statuses (uri text_pattern_ops) WHERE uri IS NOT NULL;
CREATE INDEX index_statuses_on_account_id ON statuses (account_id, id DESC, visibility, updated_at) WHERE deleted_at IS NULL;
CREATE INDEX index_statuses_local ON statuses (id DESC, account_id) WHERE local AND deleted_at IS NULL AND reblog_of_id IS NULL;
CREATE INDEX index_statuses_on_deleted_at ON statuses (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE media_attachments (
  id bigint PRIMARY KEY DEFAULT timestamp_id('media_attachments'),
  status_id bigint REFERENCES statuses (id) ON DELETE SET NULL,
  account_id bigint REFERENCES accounts (id) ON DELETE SET NULL,
  file_file_name varchar,
  file_meta json,
  blurhash varchar,
  thumbnail bytea,
  file_file_size integer,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL);
CREATE INDEX index_media_attachments_on_status_id ON media_attachments (status_id);

CREATE TABLE mentions (
  id bigserial PRIMARY KEY,
  status_id bigint NOT NULL REFERENCES statuses (id) ON DELETE CASCADE,
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  silent boolean NOT NULL DEFAULT false,
  UNIQUE (account_id, status_id));
CREATE TABLE follows (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  target_account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  languages varchar[],
  created_at timestamp NOT NULL,
  UNIQUE (account_id, target_account_id));
CREATE TABLE favourites (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  status_id bigint NOT NULL REFERENCES statuses (id) ON DELETE CASCADE,
  created_at timestamp NOT NULL,
  UNIQUE (account_id, status_id));
CREATE TABLE notifications (
  id bigserial PRIMARY KEY,
  activity_id bigint NOT NULL,
  activity_type varchar NOT NULL,
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  from_account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  type varchar,
  created_at timestamp NOT NULL);
CREATE INDEX index_notifications_on_account_id ON notifications (account_id, id DESC, type);

CREATE TABLE tags (id bigserial PRIMARY KEY, name varchar NOT NULL DEFAULT '', usable boolean, max_score double precision, created_at timestamp NOT NULL);
CREATE UNIQUE INDEX index_tags_on_name_lower_btree ON tags (lower(name) text_pattern_ops);
CREATE TABLE statuses_tags (
  status_id bigint NOT NULL REFERENCES statuses (id) ON DELETE CASCADE,
  tag_id bigint NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
  PRIMARY KEY (tag_id, status_id));
CREATE TABLE accounts_tags (
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  tag_id bigint NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
  PRIMARY KEY (tag_id, account_id));
CREATE TABLE preview_cards (
  id bigserial PRIMARY KEY, url varchar NOT NULL DEFAULT '' UNIQUE, title varchar NOT NULL DEFAULT '', html text NOT NULL DEFAULT '',
  published_at timestamptz, ttl interval, created_at timestamp NOT NULL);
CREATE TABLE preview_cards_statuses (
  preview_card_id bigint NOT NULL, status_id bigint NOT NULL, url varchar, PRIMARY KEY (status_id, preview_card_id));

-- A type that lives in the extension schema: restoring breaks where that schema is missing.
CREATE TABLE custom_emojis (
  id bigserial PRIMARY KEY, shortcode heroku_ext.citext NOT NULL, domain varchar, image bytea, disabled boolean NOT NULL DEFAULT false, created_at timestamp NOT NULL);
CREATE UNIQUE INDEX index_custom_emojis_on_shortcode_and_domain ON custom_emojis (shortcode, domain);

CREATE TABLE settings (id bigserial PRIMARY KEY, var varchar NOT NULL UNIQUE, value text, created_at timestamp, updated_at timestamp);
CREATE TABLE scheduled_statuses (
  id bigserial PRIMARY KEY, account_id bigint REFERENCES accounts (id) ON DELETE CASCADE, scheduled_at timestamp, params jsonb);
CREATE TABLE web_push_subscriptions (
  id bigserial PRIMARY KEY, endpoint varchar NOT NULL, key_p256dh varchar NOT NULL, key_auth varchar NOT NULL, data json,
  user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE, created_at timestamp NOT NULL);
CREATE TABLE oauth_access_tokens (
  id bigserial PRIMARY KEY, token varchar NOT NULL UNIQUE, scopes varchar, resource_owner_id bigint REFERENCES users (id) ON DELETE CASCADE,
  last_used_ip inet, created_at timestamp NOT NULL, revoked_at timestamp);

-- Values at the edges of their types.
CREATE TYPE severity AS ENUM ('none', 'moderate', 'severe');
CREATE TABLE extremes (
  id bigserial PRIMARY KEY, big bigint, exact numeric, single real, double double precision, words text[], nested integer[][],
  raw bytea, address inet, network cidr, level severity, moment timestamptz, day date, span interval, document json, binary_document jsonb, ordinary text,
  doubled bigint GENERATED ALWAYS AS (big / 2) STORED, CONSTRAINT ordinary_is_short CHECK (length(ordinary) < 1000000));
-- Rows without any key, and a partitioned tree: forks of Mastodon have had both.
CREATE TABLE keyless_log (at timestamp, line text);
CREATE TABLE account_events (id bigint NOT NULL, happened_on date NOT NULL, what text, PRIMARY KEY (id, happened_on)) PARTITION BY RANGE (happened_on);
CREATE TABLE account_events_2025 PARTITION OF account_events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE account_events_later PARTITION OF account_events DEFAULT;

CREATE VIEW user_ips AS
  SELECT user_id, ip, max(used_at) AS used_at FROM (
    SELECT id AS user_id, sign_up_ip AS ip, created_at AS used_at FROM users WHERE sign_up_ip IS NOT NULL
    UNION ALL SELECT user_id, ip, updated_at FROM session_activations) AS seen GROUP BY user_id, ip;

CREATE MATERIALIZED VIEW account_summaries AS
  SELECT a.id AS account_id, count(s.id) AS statuses, max(s.created_at) AS last_at, bool_or(s.sensitive) AS sensitive
  FROM accounts a JOIN statuses s ON s.account_id = a.id AND s.deleted_at IS NULL WHERE a.silenced_at IS NULL GROUP BY a.id;
CREATE UNIQUE INDEX index_account_summaries_on_account_id ON account_summaries (account_id);
CREATE MATERIALIZED VIEW global_follow_recommendations AS
  SELECT s.account_id, count(f.id) + s.statuses AS rank FROM account_summaries s LEFT JOIN follows f ON f.target_account_id = s.account_id
  GROUP BY s.account_id, s.statuses;
CREATE UNIQUE INDEX index_global_follow_recommendations_on_account_id ON global_follow_recommendations (account_id);
CREATE MATERIALIZED VIEW instances AS
  SELECT domain, count(*) AS accounts_count FROM accounts WHERE domain IS NOT NULL GROUP BY domain;
CREATE UNIQUE INDEX index_instances_on_domain ON instances (domain);

COMMENT ON TABLE statuses IS 'posts, with ''quotes'' and a backslash \';
