package dev.mastodonmigration.probe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** One thing that is asked of an instance: where, how long its answer may take, and which answers are good. Facts are Mastodon's own, by the files that are named. */
public enum UserProbe {
    /** The page that a browser gets. Web makes it out of settings in Postgres and Redis (app/views/shared/_web_app.html.haml); instances of one user, or closed ones, redirect to another page of theirs (home_controller.rb). */
    WEB_PAGE("web-page", "The web page", Duration.ofSeconds(10), "Users see that instead of the instance. Look at the log of web.") {
        @Override
        public String path(InstanceNames names) {
            return "/";
        }

        @Override
        Optional<String> wrong(Answer answer, InstanceNames names) {
            if (REDIRECTS.contains(answer.status())) {
                return leadsOn(answer.location(), names.web()) ? Optional.empty() : Optional.of("which leads to itself or elsewhere: does what stands in front pass on \"Host\" and \"X-Forwarded-Proto: https\"?");
            }
            return answer.status() != OK ? Optional.of("") : answer.isHtml() && answer.body().contains("initial-state") ? Optional.empty() : Optional.of("which is no page of Mastodon's");
        }
    },
    /** What every app asks first. It names the instance, out of settings, rules and the accounts of Postgres (rest/instance_serializer.rb). */
    INSTANCE("instance", "The API", Duration.ofSeconds(10), "Apps cannot be used, and other servers do not know the instance. Look at the log of web.") {
        @Override
        public String path(InstanceNames names) {
            return "/api/v2/instance";
        }

        @Override
        Optional<String> wrong(Answer answer, InstanceNames names) {
            var json = json(answer);
            return isClosed(answer, json) ? Optional.empty() : answer.status() != OK ? Optional.of("") : names.local().equals(json.path("domain").asText()) ? Optional.empty()
                    : Optional.of("whose \"domain\" is not " + names.local() + ": another instance answers, or something else");
        }
    },
    /** Posts, read from Postgres. An instance whose timelines are closed to strangers says so out of its settings (api/v1/timelines/public_controller.rb), with 401 or 422. */
    PUBLIC_TIMELINE("public-timeline", "The public timeline", Duration.ofSeconds(10), "Posts cannot be read. Look at the log of web for what Postgres answers it.") {
        @Override
        public String path(InstanceNames names) {
            return "/api/v1/timelines/public?local=true&limit=1";
        }

        @Override
        Optional<String> wrong(Answer answer, InstanceNames names) {
            var json = json(answer);
            return isClosed(answer, json) ? Optional.empty() : answer.status() != OK ? Optional.of("") : json.isArray() ? Optional.empty() : Optional.of("which is no list of posts");
        }
    },
    /**
     * What other servers find accounts by, asked for the account that every instance has, its own (well_known/webfinger_controller.rb, Account.representative). It is asked at the local domain
     * where that moves. Otherwise at the web domain: a local domain that is another server's redirects there, and that redirect does not move.
     */
    WEBFINGER("webfinger", "Webfinger", Duration.ofSeconds(10), "Other servers do not find the instance's accounts, and stop delivering to them. Look at the log of web.") {
        @Override
        public String path(InstanceNames names) {
            return "/.well-known/webfinger?resource=" + URLEncoder.encode("acct:" + names.local() + "@" + names.local(), StandardCharsets.UTF_8);
        }

        @Override
        Optional<String> wrong(Answer answer, InstanceNames names) {
            return answer.status() != OK ? Optional.of("") : json(answer).path("subject").asText().endsWith("@" + names.local()) ? Optional.empty() : Optional.of("which is no answer for an account of " + names.local());
        }
    },
    /** That the streaming server lives; it looks at nothing else (streaming/index.js). */
    STREAMING("streaming", "Streaming", Duration.ofSeconds(5), "Timelines do not move by themselves: users have to reload. Look at the log of streaming.") {
        @Override
        public String path(InstanceNames names) {
            return "/api/v1/streaming/health";
        }

        @Override
        Optional<String> wrong(Answer answer, InstanceNames names) {
            return answer.status() != OK ? Optional.of("") : answer.body().strip().equals("OK") ? Optional.empty() : Optional.of("which is not what a streaming server says");
        }
    },
    /**
     * A websocket with a token that nobody has. Streaming looks the token up in Postgres before it refuses it with 401 (streaming/index.js, accountFromToken), so that proves the way of the upgrade, the server and its
     * connection to Postgres; 500 is what it says when it cannot ask. It does not prove that events come from Redis: that needs an account's token. Refused as an ordinary request it has JSON.
     */
    WEBSOCKET("websocket", "A websocket", Duration.ofSeconds(10), "Timelines do not move by themselves: users have to reload. Look at the log of streaming for what Postgres answers it, and whether what stands in front passes on \"Upgrade\" and \"Connection\".") {
        @Override
        public String path(InstanceNames names) {
            return "/api/v1/streaming";
        }

        @Override
        Optional<String> wrong(Answer answer, InstanceNames names) {
            return answer.status() == UNAUTHORIZED && answer.isJson() ? Optional.of("as to a request that asks for no websocket") : answer.status() == UNAUTHORIZED || answer.status() == SWITCHING ? Optional.empty() : Optional.of("");
        }
    };

    /** Given in place of a user's token. */
    static final String TOKEN = "mastodon-migration-probe";
    static final int SWITCHING = 101;
    private static final int OK = 200;
    private static final int UNAUTHORIZED = 401;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> CLOSED = Set.of(UNAUTHORIZED, 403, 422);
    private static final ObjectMapper JSON = new ObjectMapper();
    private final String id;
    private final String words;
    private final Duration deadline;
    private final String advice;

    UserProbe(String id, String words, Duration deadline, String advice) {
        this.id = id;
        this.words = words;
        this.deadline = deadline;
        this.advice = advice;
    }

    /** For ids of findings. */
    public String id() {
        return id;
    }

    public Duration deadline() {
        return deadline;
    }

    /** With the query. */
    public abstract String path(InstanceNames names);

    /** Why it is not the answer that Mastodon gives; empty words where the answer itself says it. */
    abstract Optional<String> wrong(Answer answer, InstanceNames names);

    /** Whether streaming is asked, and not web. */
    boolean isStreaming() {
        return this == STREAMING || this == WEBSOCKET;
    }

    /** The name that is asked for. */
    String domain(InstanceNames names) {
        return isStreaming() ? names.streaming() : this == WEBFINGER ? names.webfinger() : names.web();
    }

    URI at(Endpoint endpoint) {
        return isStreaming() ? endpoint.streaming() : endpoint.web();
    }

    /** What is wrong with that answer, in words; empty when nothing is. */
    Optional<String> fault(Answer answer, InstanceNames names) {
        return wrong(answer, names).map(why -> "is answered with " + answer.words() + (why.isEmpty() ? "" : ", " + why)
                + (answer.status() == 403 ? "; Mastodon refuses names other than its LOCAL_DOMAIN, WEB_DOMAIN and ALTERNATE_DOMAINS so" : ""));
    }

    /** @param what came, beginning with a verb */
    String message(String what, Endpoint endpoint, InstanceNames names) {
        return words + " does not answer users as it should since the target took over: " + (this == WEBSOCKET ? "wss://" : "https://") + domain(names) + path(names) + ", asked at " + at(endpoint) + ", " + what + ". " + advice;
    }

    /** Another page of the same domain, not the one that was asked for. */
    private static boolean leadsOn(String location, String domain) {
        try {
            var to = URI.create(location);
            return (to.getHost() == null || to.getHost().equals(domain)) && to.getPath() != null && to.getPath().length() > 1;
        } catch (IllegalArgumentException noAddress) {
            return false;
        }
    }

    /** Closed to strangers by its settings or DISALLOW_UNAUTHENTICATED_API_ACCESS, in Mastodon's own words (api/base_controller.rb): a proxy's refusal has none. */
    private static boolean isClosed(Answer answer, JsonNode json) {
        return CLOSED.contains(answer.status()) && json.path("error").isTextual();
    }

    private static JsonNode json(Answer answer) {
        try {
            return answer.isJson() ? Optional.ofNullable(JSON.readTree(answer.body())).orElseGet(MissingNode::getInstance) : MissingNode.getInstance();
        } catch (JsonProcessingException none) {
            return MissingNode.getInstance();
        }
    }
}
