package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.edge.Edge.Side;
import java.util.Optional;

/**
 * Who answers requests.
 *
 * @param generation grows with each change, so that of two states the later is known
 */
public record EdgeState(Mode mode, long generation) {
    /** {@code HOLD}: nobody's; requests wait. */
    public enum Mode {
        SOURCE(Side.SOURCE), HOLD(null), TARGET(Side.TARGET);

        private final Side side;

        Mode(Side side) {
            this.side = side;
        }

        /** Empty for {@code HOLD}. */
        public Optional<Side> side() {
            return Optional.ofNullable(side);
        }
    }
}
