package dev.mastodonmigration.api;
public class MastodonMigrationStatus { public String phase; }
