package dev.mastodonmigration.worker.control;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes an exception's words fit for an admin's eyes and for a log that others read: passwords are struck out, and so is what a user wrote or is
 * called, which Postgres quotes when a row does not fit.
 */
public final class Redaction {
    private static final Pattern URL_PASSWORD = Pattern.compile("(\\w+://[^:/@\\s]*):\\S*@");
    private static final Pattern PARAMETER = Pattern.compile("(?i)(password|token|secret)=[^\\s&]+");
    private static final Pattern BEARER = Pattern.compile("(?i)(bearer) \\S+");

    /** The columns say what is wrong; their values may hold anything, so the last possible end counts, and without one all that follows goes. */
    private static final Pattern KEY = Pattern.compile("([Kk]ey \\(.*?\\))=\\((?:.*\\)(?= already exists| is duplicated| is not present| is still referenced"
            + "| conflicts with|\\.?$)|.*)");
    private static final Pattern ROW = Pattern.compile("(row contains) \\(.*");
    private static final Pattern INPUT = Pattern.compile("(invalid input syntax for [^:]*): .*");

    private Redaction() {}

    /** The first lines of the message as one, struck. */
    public static String of(Throwable e) {
        var message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return message.lines().limit(3).map(String::strip).map(Redaction::strikeLine).collect(Collectors.joining(" "));
    }

    /** A stack trace for the log: types, places and struck messages of the exception and of all its causes. */
    public static String trace(Throwable e) {
        var seen = Collections.newSetFromMap(new IdentityHashMap<Throwable, Boolean>());
        return Stream.iterate(e, cause -> cause != null && seen.add(cause), Throwable::getCause)
                .map(cause -> cause.getClass().getName() + ": " + of(cause) + Stream.of(cause.getStackTrace()).map(place -> "\n\tat " + place).collect(Collectors.joining()))
                .collect(Collectors.joining("\nCaused by: "));
    }

    public static String strike(String text) {
        return text.lines().map(Redaction::strikeLine).collect(Collectors.joining("\n"));
    }

    private static String strikeLine(String line) {
        var text = URL_PASSWORD.matcher(line).replaceAll("$1:…@");
        text = PARAMETER.matcher(text).replaceAll("$1=…");
        text = BEARER.matcher(text).replaceAll("$1 …");
        text = KEY.matcher(text).replaceAll("$1=(…)");
        text = ROW.matcher(text).replaceAll("$1 (…)");
        return INPUT.matcher(text).replaceAll("$1: …");
    }
}
