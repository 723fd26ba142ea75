package dev.mastodonmigration.worker.postgres;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Why a server that the operator created cannot be reached from here: from which address a worker tried, which is what its rule has to let in, and what the operator
 * knows of the rules.
 *
 * @param reach who may connect, as the operator says
 */
record Unreachable(PostgresUrl url, String reach) {
    String words(SQLException e) {
        var server = url.host() + ":" + url.port();
        return "The target database at " + server + " cannot be reached from this worker" + own().map(address -> ", whose address is " + address).orElse("") + " (" + cause(e) + "). " + reach;
    }

    /** The innermost: the driver's own words are of the kind "the connection attempt failed". */
    private static String cause(SQLException e) {
        var innermost = Stream.<Throwable>iterate(e, Objects::nonNull, Throwable::getCause).reduce((outer, inner) -> inner).orElse(e);
        var message = Optional.ofNullable(innermost.getMessage()).flatMap(text -> text.lines().findFirst()).orElse("");
        return innermost instanceof UnknownHostException ? "no such name: " + message : message.isEmpty() ? innermost.getClass().getSimpleName() : message;
    }

    /** Of the interface that packets to the server leave by; none is sent for that. */
    private Optional<String> own() {
        try (var socket = new DatagramSocket()) {
            socket.connect(InetAddress.getByName(url.host()), url.port());
            return Optional.of(socket.getLocalAddress()).filter(address -> !address.isAnyLocalAddress()).map(InetAddress::getHostAddress);
        } catch (IOException noRoute) {
            return Optional.empty();
        }
    }
}
