#!/bin/sh
# Stands in for every program of Mastodon's images: leaves its environment and its arguments, and ends as the test says.
env -0 > "$STUB/$STUB_CONTAINER.env"
printf '%s\0' "$0" "$@" > "$STUB/$STUB_CONTAINER.arguments"
if [ -n "${SMOKE_TEST_REPORT:-}" ]; then
    cat "$STUB/words" > "$SMOKE_TEST_REPORT"
    exit "$(cat "$STUB/exit")"
fi
