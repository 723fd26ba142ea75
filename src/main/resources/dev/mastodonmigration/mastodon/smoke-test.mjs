// Connects to Postgres and Redis with the streaming server's own modules and configuration. It only reads: PGOPTIONS makes the session read-only.
// What it found is its termination message, without secrets.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const SECONDS = 60;
const REFUSED = 64;
let stage = 'The streaming server does not start with this image and environment';
let lastError;

const struck = (text) => {
  const secrets = Object.entries(process.env).filter(([name, value]) => /PASS|SECRET|KEY|TOKEN|SALT|URL/.test(name) && value.length > 3)
    .map(([, value]) => value).sort((one, other) => other.length - one.length);
  const words = String(text).split('\n').map((line) => line.trim()).filter(Boolean).slice(0, 3).join(' ');
  return secrets.reduce((struckSoFar, secret) => struckSoFar.replaceAll(secret, '…'), words).replace(/:\/\/[^@\s/]*@/g, '://…@').slice(0, 700);
};

const finish = (code, words) => {
  fs.writeFileSync(process.env.SMOKE_TEST_REPORT, words);
  console.log(words);
  process.exit(code);
};

// An AggregateError (one name, several addresses) has an empty message.
const wordsOf = (error) => error?.message || error?.errors?.map((each) => each.message).join('; ') || String(error);

const quiet = () => {};
const logger = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: (details) => { lastError = details?.err ?? lastError; } };

setTimeout(() => finish(1, struck(`${stage}: it did not answer within ${SECONDS} s${lastError ? `: ${wordsOf(lastError)}` : ''}`)), SECONDS * 1000);

try {
  const load = (file) => import(pathToFileURL(path.resolve('streaming', file)).href);
  const Database = await load('database.js');
  const Redis = await load('redis.js');
  const environment = process.env.NODE_ENV || 'development';
  stage = 'Streaming and Postgres';
  const pool = Database.getPool(Database.configFromEnv(process.env, environment), environment, logger);
  const answer = await pool.query('SHOW transaction_read_only');
  if (answer.rows[0].transaction_read_only !== 'on') {
    finish(REFUSED, `${stage}: the session could not be made read-only`);
  }
  // What it asks first for each client.
  await pool.query('SELECT id, resource_owner_id, scopes FROM oauth_access_tokens LIMIT 1');
  stage = 'Streaming and Redis (REDIS_URL)';
  const redis = await Redis.createClient(Redis.configFromEnv(process.env), logger);
  if (await redis.ping() !== 'PONG') {
    finish(REFUSED, `${stage}: it does not answer PING with PONG`);
  }
  finish(0, 'streaming connects to Postgres and Redis');
} catch (error) {
  finish(1, struck(`${stage}: ${wordsOf(error)}${lastError && lastError !== error ? ` (${wordsOf(lastError)})` : ''}`));
}
