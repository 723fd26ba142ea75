package dev.mastodonmigration.embedded.aws;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mastodonmigration.embedded.Moto;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.Charset;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * AWS as it is to its clients: moto, which is kinder than AWS, with what it lacks before it. The proxy refuses what AWS refuses, changes states as slowly,
 * loses answers, and records every call. All services share its one address, and clients name theirs by the scope of their signature.
 */
public final class AwsFaultProxy implements AutoCloseable {
    private final Moto moto;
    private final Upstream upstream;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AwsCalls calls = new AwsCalls();
    private final AwsFaults faults = new AwsFaults();
    private final AwsRules rules = new AwsRules();
    private final AwsAccount account;

    private AwsFaultProxy(Moto moto, HttpServer server) {
        this.moto = moto;
        this.upstream = new Upstream(moto.address());
        this.server = server;
        this.account = new AwsAccount(address());
    }

    /** Starts one before moto, which stays its owner's to stop. */
    public static AwsFaultProxy before(Moto moto) {
        try {
            var started = new AwsFaultProxy(moto, HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
            started.server.createContext("/", started::handle);
            started.server.setExecutor(started.threads);
            started.server.start();
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What an SDK's client takes as its endpoint, whatever the service. */
    public URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** What stands behind it. */
    public URI moto() {
        return moto.address();
    }

    public AwsCalls calls() {
        return calls;
    }

    public AwsFaults faults() {
        return faults;
    }

    /** Who the operator is to AWS, and what that one may do. */
    public Callers callers() {
        return rules.callers;
    }

    /** How database instances behave. */
    public RdsInstances rds() {
        return rules.instances;
    }

    /** How replication groups behave. */
    public CacheReplicationGroups caches() {
        return rules.caches;
    }

    /** How load balancers behave. */
    public LoadBalancers balancers() {
        return rules.balancers;
    }

    /** How certificates behave. */
    public Certificates certificates() {
        return rules.certificates;
    }

    /** What the account's owner does and sees there by hand. */
    public AwsAccount account() {
        return account;
    }

    /** An empty account, no fault planted, no call recorded. */
    public void reset() {
        synchronized (rules) {
            moto.reset();
            rules.clear();
        }
        faults.clear();
        calls.clear();
    }

    private void handle(HttpExchange exchange) throws IOException {
        // Closed without an answer, the connection is cut, which is what most faults are.
        try (exchange) {
            var call = read(exchange);
            var sent = call.accessKey().equals(AwsAccount.KEY) ? Optional.of(answer(call)) : meet(call, faults.take(call));
            if (sent.isPresent()) {
                send(exchange, sent.get(), AwsCall.charset(call.headers()));
            }
        }
    }

    /** What the client gets; empty where the connection is cut. */
    private Optional<AwsAnswer> meet(AwsCall call, Optional<AwsFault> fault) {
        if (fault.isEmpty()) {
            return recorded(call, RecordedCall.Outcome.ANSWERED, answer(call));
        }
        return switch (fault.get()) {
            case AwsFault.LostAnswer lost -> {
                recorded(call, RecordedCall.Outcome.ANSWER_LOST, answer(call));
                yield Optional.empty();
            }
            case AwsFault.CutBefore cut -> {
                calls.add(new RecordedCall(call, RecordedCall.Outcome.NOT_REACHED, "connection cut"));
                yield Optional.empty();
            }
            case AwsFault.Refused refused -> recorded(call, RecordedCall.Outcome.NOT_REACHED, call.protocol().error(refused.status(), refused.code(), refused.message()));
            case AwsFault.Throttled throttled -> recorded(call, RecordedCall.Outcome.NOT_REACHED, call.protocol().throttled());
            case AwsFault.Stale stale -> recorded(call, RecordedCall.Outcome.ANSWERED, StaleAnswer.of(call, answer(call)));
        };
    }

    private Optional<AwsAnswer> recorded(AwsCall call, RecordedCall.Outcome outcome, AwsAnswer answer) {
        calls.add(new RecordedCall(call, outcome, answer.status() + answer.code().map(code -> " " + code).orElse("")));
        return Optional.of(answer);
    }

    /** One at a time, so that a rule may look at the account and then act. */
    private AwsAnswer answer(AwsCall call) {
        synchronized (rules) {
            try {
                return rules.answer(call, upstream);
            } catch (RuntimeException e) {
                // Else the server would cut the connection, as if that were a fault that a test asked for.
                return call.protocol().error(500, "BrokenProxy", call.name() + ": " + e);
            }
        }
    }

    private static AwsCall read(HttpExchange exchange) throws IOException {
        Map<String, String> headers = new TreeMap<>();
        exchange.getRequestHeaders().forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), String.join(",", values)));
        var body = new String(exchange.getRequestBody().readAllBytes(), AwsCall.charset(headers));
        return AwsCall.of(exchange.getRequestMethod(), exchange.getRequestURI().toString(), headers, body);
    }

    private static void send(HttpExchange exchange, AwsAnswer answer, Charset charset) throws IOException {
        var bytes = exchange.getRequestMethod().equals("HEAD") ? new byte[0] : answer.body().getBytes(charset);
        exchange.getResponseHeaders().set("Content-Type", answer.contentType());
        answer.headers().forEach(exchange.getResponseHeaders()::set);
        exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        account.close();
        server.stop(0);
        threads.close();
        upstream.close();
    }
}
