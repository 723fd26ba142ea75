package dev.mastodonmigration.source.heroku;

import static dev.mastodonmigration.source.heroku.RepointWorld.NEW_POSTGRES;
import static dev.mastodonmigration.source.heroku.RepointWorld.NEW_REDIS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mastodonmigration.embedded.HerokuStub.Fault;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Heroku refuses, dies or loses its answer at each single call of giving the apps other databases, and of giving them their own back: each app ends attached to exactly one, and
 * at no moment in between is it without ({@link NeverWithoutDatabase}).
 */
class RepointFaultsTest {
    private static final int AT_ONCE = 24;

    @ParameterizedTest
    @EnumSource(names = {"CUT_OFF", "LOST_ANSWER", "UNAVAILABLE", "RATE_LIMITED"})
    void theWayForthGoesOnFromWhateverItFinds(Fault fault) {
        var undisturbed = forth(0, fault);
        everyCall(undisturbed.calls(), number -> assertThat(forth(number, fault)).as("%s at call %d", fault, number).isEqualTo(undisturbed));
    }

    @ParameterizedTest
    @EnumSource(names = {"CUT_OFF", "LOST_ANSWER", "UNAVAILABLE", "RATE_LIMITED"})
    void theWayBackGoesOnFromWhateverItFinds(Fault fault) {
        var undisturbed = back(0, fault);
        everyCall(undisturbed.calls(), number -> assertThat(back(number, fault)).as("%s at call %d", fault, number).isEqualTo(undisturbed));
    }

    /** Done when we have long given it up, and ask for the next change. */
    @Test
    @Tag("thorough")
    void whatHerokuDoesLateIsFoundThere() {
        var undisturbed = forth(0, Fault.LATE);
        everyCall(undisturbed.calls(), number -> assertThat(forth(number, Fault.LATE)).as("late at call %d", number).isEqualTo(undisturbed));
    }

    /** Inside the freeze the migration is aborted then. */
    @Test
    void refusedAtAnyCallItGoesBackToWhatWas() {
        everyCall(forth(0, Fault.FORBIDDEN).calls(), number -> {
            try (var world = RepointWorld.ofBoth()) {
                var before = world.state();
                var saved = world.save();
                world.heroku.failCall(number, Fault.FORBIDDEN);
                assertThat(catchThrowableOfType(OutsideException.class, () -> world.repoint(saved)).mayPass()).isFalse();
                world.pointBack(saved);
                assertThat(world.state()).as("refused at call %d", number).isEqualTo(before);
            }
        });
    }

    /** The source stays stopped until the admin has given another token, and then goes on from there. */
    @Test
    void refusedAtAnyCallOfTheWayBackItGoesOnOnceItIsAllowed() {
        everyCall(back(0, Fault.FORBIDDEN).calls(), number -> {
            try (var world = RepointWorld.ofBoth()) {
                var before = world.state();
                var saved = world.save();
                world.repoint(saved);
                world.heroku.failCall(number, Fault.FORBIDDEN);
                assertThat(catchThrowableOfType(OutsideException.class, () -> world.pointBack(saved))).as("call %d", number).matches(refused -> !refused.mayPass()).hasMessageContaining("apiTokenSecretRef");
                world.pointBack(saved);
                assertThat(world.state()).as("refused at call %d", number).isEqualTo(before);
            }
        });
    }

    @Test
    void givenUpAfterAnyChangeItGoesBackToWhatWas() {
        for (int changes = 0; changes <= 11; changes++) {
            try (var world = RepointWorld.ofBoth()) {
                var before = world.state();
                var saved = world.save();
                for (int i = 0; i < changes; i++) {
                    assertThat(world.lookForth(saved)).isInstanceOf(Provisioned.Working.class);
                }
                world.pointBack(saved);
                assertThat(world.state()).as("after %d changes", changes).isEqualTo(before);
                world.repoint(saved);
                assertUsesTheNewOne(world);
            }
        }
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

    /** @param calls how many it took, when nothing was in the way; {@code state} as it is then, and {@code releases}, sorted: Heroku lists attachments in any order */
    private record Outcome(int calls, List<Object> state, List<String> releases) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Outcome outcome && state.equals(outcome.state) && releases.equals(outcome.releases);
        }

        @Override
        public int hashCode() {
            return state.hashCode();
        }
    }

    private static Outcome forth(int number, Fault fault) {
        try (var world = RepointWorld.ofBoth()) {
            var saved = world.save();
            var before = world.heroku.calls();
            if (number > 0) {
                world.heroku.failCall(number, fault);
            }
            world.repoint(saved);
            assertUsesTheNewOne(world);
            return new Outcome(world.heroku.calls() - before, world.state(), world.releases().stream().sorted().toList());
        }
    }

    private static Outcome back(int number, Fault fault) {
        try (var world = RepointWorld.ofBoth()) {
            var original = world.state();
            var saved = world.save();
            world.repoint(saved);
            var before = world.heroku.calls();
            if (number > 0) {
                world.heroku.failCall(number, fault);
            }
            world.pointBack(saved);
            assertThat(world.state()).isEqualTo(original);
            return new Outcome(world.heroku.calls() - before, world.state(), world.releases().stream().sorted().toList());
        }
    }

    private static void assertUsesTheNewOne(RepointWorld world) {
        for (var app : List.of(world.web, world.streaming)) {
            assertThat(app.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES).containsEntry("REDISCLOUD_URL", NEW_REDIS);
            assertThat(app.attachments()).as("found again, and nothing else").allMatch(attachment -> attachment.startsWith("MIGRATED_6F1C2A3B_")).contains("MIGRATED_6F1C2A3B_DATABASE of " + world.postgres);
        }
        assertThat(world.web.configVars()).containsEntry("PRIMARY_DATABASE_URL", NEW_POSTGRES).containsEntry("REDIS_DRIVER", "ruby").containsEntry("DATABASE_CONNECTION_POOL_URL", NEW_POSTGRES);
    }

    private static void everyCall(int calls, IntConsumer test) {
        assertThat(calls).isGreaterThan(10);
        eachOf(calls, test);
    }

    /** Each with a Heroku of its own, some at once: most of it is waiting for the next try. */
    static void eachOf(int calls, IntConsumer test) {
        var room = new Semaphore(AT_ONCE);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var pending = IntStream.rangeClosed(1, calls).mapToObj(number -> threads.submit(() -> {
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
