package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * One of the two databases as one task sees it. The address is read anew at each use, because credentials rotate.
 *
 * @param override another database on the same server, as the rehearsal's scratch database
 */
public record Database(WorkerContext context, Side side, String task, Optional<String> override) {
    /** Every session of ours begins with this, so that those of a killed worker are found and ended. */
    public static final String APPLICATION = "mastodon-migration";

    private static final int CONNECT_TIMEOUT_SECONDS = 10;
    /** No connection, or one that broke off. */
    private static final Set<String> UNREACHED = Set.of("08001", "08006");
    /** In the driver's words, which it translates, only the name of its class says that another name is certified. */
    private static final Pattern OF_TLS = Pattern.compile("SSL|HostnameVerifier");

    public static Database source(WorkerContext context, String task) {
        return new Database(context, Side.SOURCE, task, Optional.empty());
    }

    public static Database target(WorkerContext context, String task) {
        return new Database(context, Side.TARGET, task, context.rehearsal());
    }

    public static Database of(Side side, WorkerContext context, String task) {
        return side == Side.SOURCE ? source(context, task) : target(context, task);
    }

    public PostgresUrl url() throws Refusal, IOException {
        var url = PostgresUrl.parse(side.secret(), context.url(side.secret()));
        return override.map(url::withDatabase).orElse(url);
    }

    PostgresTls tls() throws Refusal, IOException {
        return PostgresTls.of(this, url());
    }

    public String applicationName() {
        return APPLICATION + " " + task;
    }

    /**
     * Opens a session. It has no socket timeout, because a checksum of a large table is silent for long; TCP keepalive finds a dead peer.
     *
     * @throws SQLException that names the side, the host and the likely cause
     */
    public Connection open() throws Refusal, IOException, SQLException {
        return open("");
    }

    /** @param options for the server at the session's start, as in {@code PGOPTIONS} */
    Connection open(String options) throws Refusal, IOException, SQLException {
        var url = url();
        var source = new PGSimpleDataSource();
        source.setServerNames(new String[] {url.host()});
        source.setPortNumbers(new int[] {url.port()});
        source.setDatabaseName(url.database());
        source.setUser(url.user());
        source.setPassword(url.password());
        source.setApplicationName(applicationName());
        source.setConnectTimeout(CONNECT_TIMEOUT_SECONDS);
        source.setLoginTimeout(CONNECT_TIMEOUT_SECONDS);
        source.setTcpKeepAlive(true);
        source.setSocketFactory(KeptAliveSockets.class.getName());
        if (!options.isEmpty()) {
            source.setOptions(options);
        }
        // Its details quote the row that did not fit.
        source.setLogServerErrorDetail(false);
        tls().tell(source);
        try {
            return SessionSettings.set(source.getConnection());
        } catch (SQLException e) {
            throw new SQLException(explain(url, tls(), e), e.getSQLState(), e);
        }
    }

    private String explain(PostgresUrl url, PostgresTls tls, SQLException e) throws IOException {
        var state = e.getSQLState() == null ? "" : e.getSQLState();
        var server = url.host() + ":" + url.port();
        var reach = side.reach().isPresent() ? context.told(side.reach().get()) : Optional.<String>empty();
        if (reach.isPresent() && UNREACHED.contains(state) && !isOfTls(e)) {
            return new Unreachable(url, reach.get()).words(e);
        }
        var fix = reach.isPresent() ? " The operator made it: if somebody changed it since, change it back, or write what changed into the Secret that the operator made for it."
                : " Correct " + side.secret() + " in its Secret.";
        if (Pooler.isRefusal(e)) {
            return Pooler.words(this, "it answered: " + e.getMessage().replace("\n", " "));
        }
        if (state.startsWith("28")) {
            return "The " + side + " database at " + server + " refuses user \"" + url.user()
                    + "\": wrong password, or the server does not let it in from here." + fix;
        }
        return switch (state) {
            case "3D000" -> "The " + side + " server " + server + " has no database \"" + url.database() + "\"." + fix;
            case "53300" -> "The " + side + " server " + server + " has no connection left. Lower strategy.parallelism or close other sessions.";
            case "08001", "08004", "08006" -> "The " + side + " database at " + server + " cannot be reached: "
                    + (isOfTls(e) ? tls.verifies()
                            ? "its certificate is not signed by a CA that was given or that the system knows, or it is made out to another name (sslmode=" + tls.mode() + ")."
                            : "TLS failed (sslmode=" + tls.mode() + ")." : "check host, port and network rules.") + fix;
            default -> "The " + side + " database at " + server + " does not accept a connection: " + e.getMessage();
        };
    }

    private static boolean isOfTls(SQLException e) {
        return Stream.<Throwable>iterate(e, Objects::nonNull, Throwable::getCause)
                .anyMatch(cause -> cause instanceof SSLException || OF_TLS.matcher(String.valueOf(cause.getMessage())).find());
    }
}
