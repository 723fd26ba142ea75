package dev.mastodonmigration.source.heroku;

import static dev.mastodonmigration.source.heroku.RepointWorld.NEW_POSTGRES;
import static dev.mastodonmigration.source.heroku.RepointWorld.NEW_REDIS;
import static dev.mastodonmigration.source.heroku.RepointWorld.OLD_POSTGRES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.embedded.HerokuStub.Fault;
import dev.mastodonmigration.embedded.HerokuStubApp.ReleaseCommand;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Heroku refuses, dies or loses its answer at each single call of giving the apps other databases, and of giving them their own back: each app ends attached to exactly one, and
 * at no moment in between is it without ({@link NeverWithoutDatabase}).
 */
class RepointFaultsTest {
    private static final int AT_ONCE = 24;
    private static final List<Fault> PASSING = List.of(Fault.CUT_OFF, Fault.LOST_ANSWER, Fault.UNAVAILABLE, Fault.RATE_LIMITED);

    /** What the apps have, and how their releases fare. */
    enum Circumstance {
        BY_ATTACHMENTS(RepointWorld::ofBoth, "REDISCLOUD_URL"),
        /** A release command takes its time, and fails for the first releases that lead to the other database. */
        RELEASES_MADE_AGAIN(RepointWorld::ofBoth, "REDISCLOUD_URL"),
        REDIS_BY_HAND(RepointWorld::ofBothByHand, "REDIS_URL"),
        STREAMING_BY_ATTACHMENT(RepointWorld::ofStreamingAttached, "REDIS_URL"),
        WEB_BY_ATTACHMENT(RepointWorld::ofWebAttached, "REDIS_URL");

        /** Once less than the operator makes one again on the way there: one that Heroku makes late is made twice. */
        private static final int FAIL = 2;
        /** Those of a few looks. */
        private static final int CALLS_WHILE_PENDING = 7;
        private final Supplier<RepointWorld> world;
        private final String redis;

        Circumstance(Supplier<RepointWorld> world, String redis) {
            this.world = world;
            this.redis = redis;
        }

        RepointWorld world() {
            return world.get();
        }

        /** From now on. @param url of the database to which releases do not lead at once */
        void struggle(RepointWorld world, String url) {
            if (this == RELEASES_MADE_AGAIN) {
                for (var app : List.of(world.web, world.streaming)) {
                    var failed = new AtomicInteger();
                    app.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> {
                        var until = world.heroku.calls() + CALLS_WHILE_PENDING;
                        await().pollInterval(Duration.ofMillis(1)).until(() -> world.heroku.calls() >= until);
                        return !url.equals(config.get("DATABASE_URL")) || failed.incrementAndGet() > FAIL;
                    }));
                }
            }
        }
    }

    static Stream<Arguments> passing() {
        return Stream.of(Circumstance.values()).flatMap(circumstance -> PASSING.stream().map(fault -> Arguments.of(circumstance, fault)));
    }

    @ParameterizedTest
    @MethodSource("passing")
    void theWayForthGoesOnFromWhateverItFinds(Circumstance circumstance, Fault fault) {
        var undisturbed = forth(circumstance, 0, fault);
        everyCall(undisturbed.calls(), number -> assertThat(forth(circumstance, number, fault)).as("%s at call %d", fault, number).isEqualTo(undisturbed));
    }

    @ParameterizedTest
    @MethodSource("passing")
    void theWayBackGoesOnFromWhateverItFinds(Circumstance circumstance, Fault fault) {
        var undisturbed = back(circumstance, 0, fault);
        everyCall(undisturbed.calls(), number -> assertThat(back(circumstance, number, fault)).as("%s at call %d", fault, number).isEqualTo(undisturbed));
    }

    /** Done when we have long given it up, and ask for the next change. */
    @ParameterizedTest
    @EnumSource
    @Tag("thorough")
    void whatHerokuDoesLateIsFoundThere(Circumstance circumstance) {
        var undisturbed = forth(circumstance, 0, Fault.LATE);
        everyCall(undisturbed.calls(), number -> assertThat(forth(circumstance, number, Fault.LATE)).as("late at call %d", number).isEqualTo(undisturbed));
    }

    /** Inside the freeze the migration is aborted then. */
    @ParameterizedTest
    @EnumSource
    void refusedAtAnyCallItGoesBackToWhatWas(Circumstance circumstance) {
        everyCall(forth(circumstance, 0, Fault.FORBIDDEN).calls(), number -> {
            try (var world = circumstance.world()) {
                var before = world.state();
                var saved = world.save();
                circumstance.struggle(world, NEW_POSTGRES);
                refusedAt(number, world, () -> world.repoint(saved)).ifPresent(refused -> assertThat(refused.mayPass()).isFalse());
                world.pointBack(saved);
                assertThat(world.state()).as("refused at call %d", number).isEqualTo(before);
                assertStartsWith(world, OLD_POSTGRES);
            }
        });
    }

    /** Empty only where it was done with fewer calls than that: how many looks go by while a release is pending is not always the same. */
    private static Optional<OutsideException> refusedAt(int number, RepointWorld world, ThrowingCallable way) {
        var before = world.heroku.calls();
        world.heroku.failCall(number, Fault.FORBIDDEN);
        var refused = Optional.ofNullable(catchThrowableOfType(OutsideException.class, way));
        assertThat(refused.isPresent()).as("refused at call %d", number).isEqualTo(world.heroku.calls() - before >= number);
        world.heroku.clearFaults();
        return refused;
    }

    /** The source stays stopped until the admin has given another token, and then goes on from there. */
    @ParameterizedTest
    @EnumSource
    void refusedAtAnyCallOfTheWayBackItGoesOnOnceItIsAllowed(Circumstance circumstance) {
        everyCall(back(circumstance, 0, Fault.FORBIDDEN).calls(), number -> {
            try (var world = circumstance.world()) {
                var before = world.state();
                var saved = world.save();
                world.repoint(saved);
                circumstance.struggle(world, OLD_POSTGRES);
                refusedAt(number, world, () -> world.pointBack(saved)).ifPresent(refused -> assertThat(refused).as("call %d", number).matches(no -> !no.mayPass()).hasMessageContaining("apiTokenSecretRef"));
                world.pointBack(saved);
                assertThat(world.state()).as("refused at call %d", number).isEqualTo(before);
                assertStartsWith(world, OLD_POSTGRES);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void givenUpAfterAnyLookItGoesBackToWhatWas(Circumstance circumstance) {
        each(IntStream.range(0, forth(circumstance, 0, Fault.CUT_OFF).looks()), looks -> {
            try (var world = circumstance.world()) {
                var before = world.state();
                var saved = world.save();
                circumstance.struggle(world, NEW_POSTGRES);
                for (int i = 0; i < looks; i++) {
                    world.lookForth(saved);
                }
                world.pointBack(saved);
                assertThat(world.state()).as("after %d looks", looks).isEqualTo(before);
                assertStartsWith(world, OLD_POSTGRES);
                world.repoint(saved);
                assertUsesTheNewOne(circumstance, world);
            }
        });
    }

    @Test
    void eachLookMakesAtMostOneChange() {
        try (var world = RepointWorld.ofBoth()) {
            var saved = world.save();
            for (var look : List.<Supplier<Provisioned>>of(() -> world.lookForth(saved), () -> world.lookBack(saved))) {
                for (var before = world.releases().size(); !(look.get() instanceof Provisioned.Ready); before = world.releases().size()) {
                    assertThat(world.releases()).hasSize(before + 1);
                }
            }
        }
    }

    /** @param calls how many it took, when nothing was in the way, in so many {@code looks}; {@code state} as it is then, and {@code releases}, sorted, but those made again: Heroku lists attachments in any order */
    private record Outcome(int calls, int looks, List<Object> state, List<String> releases) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Outcome outcome && state.equals(outcome.state) && releases.equals(outcome.releases);
        }

        @Override
        public int hashCode() {
            return state.hashCode();
        }
    }

    /** How often one is made again hangs on which of several that are pending ends first; nothing else is done twice. */
    private static List<String> changes(RepointWorld world) {
        return world.releases().stream().filter(release -> !release.startsWith("Retry of v")).sorted().toList();
    }

    private static Outcome forth(Circumstance circumstance, int number, Fault fault) {
        try (var world = circumstance.world()) {
            var saved = world.save();
            circumstance.struggle(world, NEW_POSTGRES);
            var before = world.heroku.calls();
            if (number > 0) {
                world.heroku.failCall(number, fault);
            }
            var looks = world.repoint(saved).size();
            assertUsesTheNewOne(circumstance, world);
            return new Outcome(world.heroku.calls() - before, looks, world.state(), changes(world));
        }
    }

    private static Outcome back(Circumstance circumstance, int number, Fault fault) {
        try (var world = circumstance.world()) {
            var original = world.state();
            var saved = world.save();
            world.repoint(saved);
            circumstance.struggle(world, OLD_POSTGRES);
            var before = world.heroku.calls();
            if (number > 0) {
                world.heroku.failCall(number, fault);
            }
            var looks = world.pointBack(saved).size();
            assertThat(world.state()).isEqualTo(original);
            assertStartsWith(world, OLD_POSTGRES);
            return new Outcome(world.heroku.calls() - before, looks, world.state(), changes(world));
        }
    }

    /** What dynos start with, whatever the config vars say. */
    private static void assertStartsWith(RepointWorld world, String postgres) {
        for (var app : List.of(world.web, world.streaming)) {
            assertThat(app.deployedConfigVars()).as("of %s after %s", app.name(), app.releases()).containsEntry("DATABASE_URL", postgres);
        }
    }

    private static void assertUsesTheNewOne(Circumstance circumstance, RepointWorld world) {
        for (var app : List.of(world.web, world.streaming)) {
            assertThat(app.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES).containsEntry(circumstance.redis, NEW_REDIS);
            assertThat(app.attachments()).as("found again, and nothing else").allMatch(attachment -> attachment.startsWith("MIGRATED_6F1C2A3B_")).contains("MIGRATED_6F1C2A3B_DATABASE of " + world.postgres);
        }
        assertThat(world.web.configVars()).containsEntry("REDIS_DRIVER", "ruby");
        for (var variable : List.of("PRIMARY_DATABASE_URL", "DATABASE_CONNECTION_POOL_URL")) {
            assertThat(world.web.configVars().getOrDefault(variable, NEW_POSTGRES)).isEqualTo(NEW_POSTGRES);
        }
        assertStartsWith(world, NEW_POSTGRES);
    }

    private static void everyCall(int calls, IntConsumer test) {
        assertThat(calls).isGreaterThan(10);
        eachOf(calls, test);
    }

    static void eachOf(int calls, IntConsumer test) {
        each(IntStream.rangeClosed(1, calls), test);
    }

    /** Each with a Heroku of its own, some at once: most of it is waiting for the next try. */
    private static void each(IntStream numbers, IntConsumer test) {
        var room = new Semaphore(AT_ONCE);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var pending = numbers.mapToObj(number -> threads.submit(() -> {
                room.acquire();
                try {
                    test.accept(number);
                } finally {
                    room.release();
                }
                return number;
            })).toList();
            for (var one : pending) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Error error ? error : new AssertionError(e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
