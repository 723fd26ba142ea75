-- Rows for the schema beside this file. :statuses is the number of posts, :seed makes two runs equal or different.
INSERT INTO schema_migrations SELECT (20160220174730 + n)::text FROM generate_series(1, 60) n;
INSERT INTO ar_internal_metadata VALUES ('environment', 'production', '2017-01-01', '2025-12-17 10:11:12.123456');

INSERT INTO accounts (username, domain, display_name, note, uri, private_key, fields, also_known_as, discoverable, silenced_at, created_at, updated_at)
SELECT 'user' || n, CASE WHEN n % 3 = 0 THEN 'remote' || n % 17 || '.example' END,
  (ARRAY['Zoë 🦣', 'back\slash', '\N', '', E'tab\there', E'two\nlines', '👩‍👩‍👧‍👦', '''quoted"'])[1 + n % 8],
  repeat('<p>note ' || n || ' </p>', n % 9), 'https://example.social/users/' || n, CASE WHEN n % 3 <> 0 THEN md5(:seed || 'key' || n) END,
  CASE WHEN n % 4 = 0 THEN jsonb_build_array(jsonb_build_object('name', 'Pronouns ✨', 'value', n)) END,
  CASE n % 5 WHEN 0 THEN ARRAY[]::varchar[] WHEN 1 THEN ARRAY['a,b', '{c}', '"d"', 'NULL', NULL, '\'] END,
  CASE n % 3 WHEN 0 THEN true WHEN 1 THEN false END, CASE WHEN n % 50 = 0 THEN timestamp '2024-02-29 23:59:59.999999' END,
  timestamp '2017-04-01' + n * interval '1 hour', timestamp '2025-01-01' + n * interval '1 minute'
FROM generate_series(1, 20 + :statuses / 20) n;

INSERT INTO users (account_id, email, encrypted_password, otp_backup_codes, chosen_languages, sign_up_ip, settings, created_at, updated_at)
SELECT id, username || '@example.social', md5(:seed || id::text), ARRAY[md5(username)], CASE WHEN id % 2 = 0 THEN ARRAY['en', 'de'] END,
  ('2001:db8::' || to_hex(id % 65536))::inet, '{"web.theme":"default"}', created_at, updated_at FROM accounts WHERE domain IS NULL;
INSERT INTO session_activations (session_id, user_id, ip, user_agent, created_at, updated_at)
SELECT md5(:seed || id::text), id, ('10.0.' || id % 256 || '.1/24')::inet, 'Ünïcode/1.0', created_at, updated_at FROM users;

INSERT INTO conversations (uri, created_at, updated_at)
SELECT CASE WHEN n % 2 = 0 THEN 'tag:example.social,2024:conversation=' || n END, now(), now() FROM generate_series(1, 5 + :statuses / 10) n;

WITH people AS (SELECT array_agg(id ORDER BY id) AS ids FROM accounts)
INSERT INTO statuses (uri, text, spoiler_text, account_id, conversation_id, sensitive, visibility, language, local, ordered_media_attachment_ids, edited_at, deleted_at, created_at, updated_at)
SELECT CASE WHEN n % 4 <> 0 THEN 'https://example.social/statuses/' || n END,
  CASE n % 7 WHEN 0 THEN '' WHEN 1 THEN '\N' WHEN 2 THEN E'line\r\nline\ttab \\ 🦣🎉' ELSE 'post ' || n || ' ' || repeat(md5(:seed || n::text), n % 12) END,
  CASE WHEN n % 11 = 0 THEN 'cw: ' || n ELSE '' END, people.ids[1 + n % array_length(people.ids, 1)], 1 + n % 5, n % 13 = 0, n % 4,
  (ARRAY['en', 'ja', NULL, 'pt-BR'])[1 + n % 4], n % 3 <> 0, CASE n % 6 WHEN 0 THEN ARRAY[n, NULL, -n]::bigint[] WHEN 1 THEN '{}' END,
  CASE WHEN n % 19 = 0 THEN now() END, CASE WHEN n % 101 = 0 THEN timestamp 'infinity' END,
  timestamp '2023-01-01' + n * interval '7 seconds', timestamp '2023-01-01' + n * interval '7 seconds'
FROM generate_series(1, :statuses) n, people;
UPDATE statuses s SET in_reply_to_id = r.before FROM (SELECT id, lag(id) OVER (ORDER BY id) AS before FROM statuses) r WHERE r.id = s.id AND s.id % 5 = 0;

INSERT INTO media_attachments (status_id, account_id, file_file_name, file_meta, blurhash, thumbnail, file_file_size, created_at, updated_at)
SELECT id, account_id, 'ümläut ' || id || '.png', ('{"b" : 1,   "a":[' || id || ', 2.50], "b": "twice"}')::json, 'UBL_:rOpGG-oBUNG,qRj2so|', decode(md5(:seed || id::text), 'hex'),
  id % 1000000, created_at, updated_at FROM statuses WHERE uri IS NOT NULL AND right(uri, 1) = '7';
INSERT INTO mentions (status_id, account_id) SELECT s.id, a.id FROM statuses s CROSS JOIN LATERAL (SELECT id FROM accounts ORDER BY id LIMIT 2) a WHERE s.sensitive;
INSERT INTO follows (account_id, target_account_id, languages, created_at)
SELECT a.id, b.id, CASE WHEN a.id % 2 = 0 THEN ARRAY['en'] END, now() FROM (SELECT id FROM accounts ORDER BY id LIMIT 40) a, (SELECT id FROM accounts ORDER BY id DESC LIMIT 10) b WHERE a.id <> b.id;
INSERT INTO favourites (account_id, status_id, created_at) SELECT account_id, id, now() FROM statuses WHERE visibility = 1;
INSERT INTO notifications (activity_id, activity_type, account_id, from_account_id, type, created_at)
SELECT id, 'Favourite', account_id, account_id, 'favourite', created_at FROM favourites;
INSERT INTO tags (name, usable, max_score, created_at)
SELECT (ARRAY['Café', 'ねこ', 'Ǆ', 'straße', 'naïve', 'plain'])[1 + n % 6] || n, n % 2 = 0, (ARRAY[0.1, 'NaN'::float8, '-0'::float8, 1e300, 'Infinity'::float8])[1 + n % 5], now() FROM generate_series(1, 60) n;
INSERT INTO statuses_tags SELECT s.id, t.id FROM statuses s JOIN tags t ON t.id = 1 + s.id % 50 WHERE s.visibility = 0;
INSERT INTO accounts_tags SELECT a.id, t.id FROM accounts a JOIN tags t ON t.id <= 2;
INSERT INTO preview_cards (url, title, html, published_at, ttl, created_at)
SELECT 'https://news.example/' || n, 'title ' || n, repeat('<i>' || md5(:seed || n::text) || '</i>', 200), timestamptz '2024-03-31 02:30:00+02' + n * interval '1 day',
  interval '1 mon 2 days 03:04:05.678', now() FROM generate_series(1, 30) n;
INSERT INTO preview_cards_statuses SELECT p.id, s.id, p.url FROM statuses s JOIN preview_cards p ON p.id = 1 + s.id % 30 WHERE s.sensitive;
INSERT INTO custom_emojis (shortcode, domain, image, created_at)
SELECT 'BlobCat' || n, CASE WHEN n % 2 = 0 THEN 'remote.example' END, decode(repeat(md5(:seed || n::text), 40), 'hex'), now() FROM generate_series(1, 20) n;
INSERT INTO settings (var, value) VALUES ('site_title', E'--- Example 🦣\n'), ('empty', ''), ('none', NULL), ('null text', '\N'), ('site_terms', (SELECT string_agg(md5(:seed || 'toast' || n), '') FROM generate_series(1, 12000) n));
INSERT INTO scheduled_statuses (account_id, scheduled_at, params) SELECT id, timestamp '2030-01-01', '{"text": "later \u2728", "n": 1e400}'::jsonb FROM accounts WHERE domain IS NULL LIMIT 5;
INSERT INTO web_push_subscriptions (endpoint, key_p256dh, key_auth, data, user_id, created_at)
SELECT 'https://push.example/' || id, md5(:seed || id::text), 'auth', '{"policy":"all" , "alerts" :{}}', id, now() FROM users WHERE id % 3 = 0;
INSERT INTO oauth_access_tokens (token, scopes, resource_owner_id, last_used_ip, created_at) SELECT md5(:seed || 'token' || id), 'read write follow', id, '192.0.2.1', now() FROM users;

INSERT INTO extremes (big, exact, single, double, words, nested, raw, address, network, level, moment, day, span, document, binary_document, ordinary) VALUES
  (9223372036854775807, 'NaN', 'NaN', 'NaN', '{}', '{{1,2},{3,NULL}}', '\x', '::1', '::/0', 'none', 'infinity', 'infinity', '0', '{}', '{}', ''),
  (-9223372036854775808, repeat('9', 130)::numeric + 0.000000000000000000001, '-0', '-0', ARRAY['\N', '', NULL, 'NULL', E'\t', E'\n', '🦣'], '[0:1]={7,8}'::int[], '\x00ff5c4e', '255.255.255.255', '10.0.0.0/8', 'severe', '-infinity', '0001-01-01', '-178000000 years', ' { "a" : 1 } ', '{"a": 1.10}', '\N'),
  (0, 0.10, 'Infinity', '-Infinity', NULL, NULL, NULL, NULL, NULL, NULL, '1969-12-31 23:59:59.999999+00', '2024-02-29', '1 year -1 day 00:00:00.000001', '"\ud83e\uddA3"', 'null', NULL),
  (1, -0.000, 1.17549435e-38, 5e-324, ARRAY['a b'], '{}', decode(repeat('00', 5000), 'hex'), '192.168.0.1/16', '192.168.0.0/16', 'moderate', '2024-10-27 02:30:00+01', '4713-01-01 BC', '00:00:00.1', 'null', '[]', E'\\'),
  (-1, 123456789012345678901234567890.123456789, 3.40282347e+38, 1.7976931348623157e+308, ARRAY['{', '}', ',', '"'], '{{{1}}}', '\xdeadbeef', '2001:db8::/32', '2001:db8::/32', 'none', 'epoch', 'epoch', '1 month', '[1,2 , 3]', '{"z":1,"a":2}', E'\r\n\b\f\v');
INSERT INTO extremes (ordinary) SELECT string_agg(md5(:seed || 'large' || n), '') FROM generate_series(1, 15000) n;
INSERT INTO keyless_log SELECT timestamp '2025-01-01' + (n / 3) * interval '1 second', 'line ' || n / 3 FROM generate_series(1, 300) n;
INSERT INTO account_events SELECT n, date '2025-06-01' + n, 'event ' || n FROM generate_series(1, 400) n;

REFRESH MATERIALIZED VIEW account_summaries;
REFRESH MATERIALIZED VIEW global_follow_recommendations;
REFRESH MATERIALIZED VIEW instances;
