package dev.mastodonmigration.probe;

/**
 * What came.
 *
 * @param contentType empty where there was none
 * @param location    of a redirect; empty otherwise
 */
public record Answer(int status, String contentType, String location, String body) {
    private static final int LONGEST = 120;

    boolean isJson() {
        return contentType.contains("json");
    }

    boolean isHtml() {
        return contentType.startsWith("text/html");
    }

    /** For messages: an error's own words may say why, a page's do not. */
    String words() {
        var text = isHtml() ? contentType : body.strip().replaceAll("\\s+", " ");
        return status + (location.isEmpty() ? "" : " to " + location) + (text.isEmpty() ? "" : " (" + (text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text) + ")");
    }
}
