package dev.mastodonmigration.target.aws;

/** One of a database, which an admin is told of by name. */
interface DatabasePart extends Part, Standing {}
