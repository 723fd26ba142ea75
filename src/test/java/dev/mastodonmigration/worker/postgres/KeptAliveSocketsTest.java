package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.StandardSocketOptions;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Test;

class KeptAliveSocketsTest {
    @Test
    void aPeerThatVanishedIsNoticedWithinAMinute() throws Exception {
        try (var socket = new KeptAliveSockets().createSocket()) {
            assertThat(socket.getOption(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
            assertThat(socket.getOption(ExtendedSocketOptions.TCP_KEEPIDLE) + socket.getOption(ExtendedSocketOptions.TCP_KEEPINTERVAL)
                    * socket.getOption(ExtendedSocketOptions.TCP_KEEPCOUNT)).isLessThanOrEqualTo(60);
        }
    }
}
