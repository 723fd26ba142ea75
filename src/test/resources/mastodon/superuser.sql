-- What a hosting provider has put into the database before its owner ever sees it: extensions in a schema of their own,
-- and a schema that the owner may not read, with an event trigger that calls into it.
CREATE SCHEMA heroku_ext;
GRANT USAGE, CREATE ON SCHEMA heroku_ext TO PUBLIC;
CREATE EXTENSION citext WITH SCHEMA heroku_ext;
CREATE EXTENSION pgcrypto WITH SCHEMA heroku_ext;
CREATE EXTENSION pg_stat_statements WITH SCHEMA heroku_ext;

CREATE SCHEMA _heroku;
CREATE TABLE _heroku.extension_requests (id bigserial PRIMARY KEY, tag text, at timestamptz DEFAULT now());
CREATE FUNCTION _heroku.after_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM TG_TAG;
END
$$;
REVOKE ALL ON SCHEMA _heroku FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA _heroku FROM PUBLIC;
CREATE EVENT TRIGGER heroku_after_ddl ON ddl_command_end EXECUTE FUNCTION _heroku.after_ddl();
