# frozen_string_literal: true

# Looks whether this image, in this environment, can serve from the databases that it was given. It writes to none of them: PGOPTIONS makes every session
# read-only, and CACHE_REDIS_URL leads nowhere, because Mastodon fills its cache when it starts. What it found is its termination message, without secrets.

REFUSED = 64
SECONDS = 300
SEVERAL = 20

# A certain no, which trying again cannot change.
class Refusal < StandardError; end

# As bytes: a message may be in any encoding, and this runs without a locale too.
def struck(text)
  secrets = ENV.select { |name, value| name.match?(/PASS|SECRET|KEY|TOKEN|SALT|URL/) && value.length > 3 }.values.sort_by { |value| -value.length }
  words = text.to_s.b.split("\n").map(&:strip).reject(&:empty?).first(3).join(' ')
  words = secrets.reduce(words) { |struck, secret| struck.gsub(secret.b, '...') }.gsub(%r{://[^@\s/]*@}n, '://...@')
  words[0, 700].force_encoding(Encoding::UTF_8).scrub('?')
end

def finish(code, words)
  File.write(ENV.fetch('SMOKE_TEST_REPORT'), words)
  $stdout.puts(words)
  $stdout.flush
  exit!(code)
end

def some(versions)
  versions.sort.last(3).join(', ') + (versions.size > 3 ? ", ... (#{versions.size})" : '')
end

def compare_migrations(database)
  image = Dir[File.join(Dir.pwd, 'db', '{migrate,post_migrate}', '*.rb')].filter_map { |file| File.basename(file)[/\A\d+/] }.uniq
  known = database.select_values('SELECT version FROM schema_migrations').map(&:to_s)
  pending = image - known
  unknown = known - image
  raise Refusal, 'the image has no migrations in db/migrate: is it an image of Mastodon?' if image.empty?

  advice = 'Set spec.instance.image to the version that the source runs; update Mastodon before the move or after it.'
  if pending.any? && unknown.any?
    raise Refusal, "image and database are of different versions or forks: the image would still run #{some(pending)}, the database has run #{some(unknown)}, which the image lacks. #{advice}"
  end
  raise Refusal, "the image is newer than the source: migrations that have not run on the database: #{some(pending)}. #{advice}" if pending.any?
  raise Refusal, "the source is newer than the image, or a fork: migrations of the database that the image lacks: #{some(unknown)}. #{advice}" if unknown.any?

  "no migration is pending (#{known.size} have run)"
end

def decrypt
  models = ActiveRecord::Base.descendants.reject(&:abstract_class?).select { |model| model.respond_to?(:encrypted_attributes) && model.encrypted_attributes.present? }
  columns = models.flat_map { |model| model.encrypted_attributes.map { |attribute| [model, attribute] } }.uniq { |model, attribute| [model.table_name, attribute] }
  decrypted = columns.filter_map do |model, attribute|
    rows = model.unscoped.where.not(attribute => nil).limit(SEVERAL).to_a
    next if rows.empty?

    # One row may have been broken for years; that all of them are means another key.
    readable = rows.any? do |row|
      row.read_attribute(attribute)
      true
    rescue ActiveRecord::Encryption::Errors::Base
      false
    end
    raise Refusal, "none of #{rows.size} values in #{model.table_name}.#{attribute} can be decrypted. ACTIVE_RECORD_ENCRYPTION_* are not those with which they were encrypted." unless readable

    "#{model.table_name}.#{attribute}"
  end
  decrypted.empty? ? 'nothing in the database is encrypted yet' : "#{decrypted.join(', ')} decrypts"
end

def look_for_certificates
  return if ENV['SSL_CERT_FILE'].to_s.empty?

  directories = ENV.fetch('SSL_CERT_DIR', OpenSSL::X509::DEFAULT_CERT_DIR).split(':')
  return if directories.any? { |directory| Dir[File.join(directory, '*.0')].any? }

  raise Refusal, "the image has no certificates in #{directories.join(', ')}, and SSL_CERT_FILE names those of the target's Redis alone, so that Mastodon could reach no other server. " \
                 'Use an image that has the system\'s certificates (Debian: ca-certificates).'
end

Thread.new do
  sleep(SECONDS)
  finish(1, "#{$stage}: it did not end within #{SECONDS} s")
end

begin
  $stage = 'Mastodon does not start with this image and environment'
  require File.join(Dir.pwd, 'config', 'environment')
  $stage = 'Certificates'
  look_for_certificates
  $stage = 'Postgres'
  database = ActiveRecord::Base.connection
  database.execute('SET default_transaction_read_only = on')
  raise Refusal, 'the session could not be made read-only' unless database.select_value('SHOW transaction_read_only') == 'on'

  empty = ENV['SMOKE_TEST_BEFORE_THE_COPY'] == 'true' && database.select_value("SELECT to_regclass('schema_migrations')").nil?
  found = [empty ? 'the database is empty until the freeze, so that its migrations and encrypted columns could not be looked at' : compare_migrations(database)]
  $stage = 'Redis (REDIS_URL)'
  reply = RedisConnection.new.connection.ping
  raise Refusal, 'it does not answer PING with PONG' unless reply == 'PONG'

  $stage = 'Redis of Sidekiq'
  reply = Sidekiq.redis { |redis| redis.call('PING') }
  raise Refusal, 'it does not answer PING with PONG' unless reply == 'PONG'

  found << 'Redis answers'
  $stage = 'Encryption'
  found << decrypt unless empty
rescue Refusal => e
  finish(REFUSED, "#{$stage}: #{e.message}")
rescue SystemExit => e
  finish(1, struck("#{$stage}: #{e.message}"))
rescue Exception => e # rubocop:disable Lint/RescueException
  finish(1, struck("#{$stage}: #{e.class}: #{e.message}"))
end
finish(0, found.join(', '))
