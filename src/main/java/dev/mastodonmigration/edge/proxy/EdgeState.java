package dev.mastodonmigration.edge.proxy;

import java.util.Optional;

/**
 * Who answers requests.
 *
 * @param generation grows with each change, so that of two states the later is known
 */
public record EdgeState(Mode mode, long generation) {
    /** Whose servers. */
    public enum Side { SOURCE, TARGET }

    /** {@code HOLD}: nobody's; requests wait. */
    public enum Mode {
        SOURCE(Side.SOURCE), HOLD(null), TARGET(Side.TARGET);

        private final Side side;

        Mode(Side side) {
            this.side = side;
        }

        Optional<Side> side() {
            return Optional.ofNullable(side);
        }
    }
}
