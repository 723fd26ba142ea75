package dev.mastodonmigration.worker.control;

import java.util.regex.Pattern;

/** Makes an exception's words fit for an admin's eyes: the cause in one line, passwords in URLs struck out. */
public final class Redaction {
    private static final Pattern URL_PASSWORD = Pattern.compile("(\\w+://[^:/@\\s]*):[^@\\s]*@");
    private static final Pattern PARAMETER = Pattern.compile("(?i)(password|token|secret)=[^\\s&]+");

    private Redaction() {}

    public static String of(Throwable e) {
        var message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return strike(message.lines().limit(3).map(String::strip).reduce((a, b) -> a + " " + b).orElse(message));
    }

    public static String strike(String text) {
        return PARAMETER.matcher(URL_PASSWORD.matcher(text).replaceAll("$1:…@")).replaceAll("$1=…");
    }
}
