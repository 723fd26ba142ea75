package dev.mastodonmigration.target.aws.ec2;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mastodonmigration.outside.OutsideException;
import java.util.Map;

/**
 * What all machines of the migration are to do, in one parameter.
 *
 * @param epoch    raised by GoLive and by ROLLBACK; a machine that has seen a higher one does nothing of a lower one, which an operator wrote that was asleep
 * @param revision of the environment, whose documents all stand before it is named here
 * @param parts    how many documents there are
 * @param sidekiq  id of the one instance whose Sidekiqs run, empty for none: a machine that is not named stops its own, so that one too many never is a second scheduler
 * @param once     name of a unit to run to its end, and of that run: a new name is a new run
 */
public record Desired(int epoch, String revision, int parts, String sidekiq, Map<String, String> once) {
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

    /** @param parameter for the message, @throws OutsideException when it is none: somebody else wrote there */
    public static Desired of(String parameter, String json) {
        try {
            return JSON.readValue(json, Desired.class);
        } catch (JsonProcessingException e) {
            throw new OutsideException("The parameter " + parameter + " is not what this operator writes there. Somebody changed it: delete it, and the operator makes it anew, with Sidekiq stopped.", false);
        }
    }

    /** @param instance empty for none @param next higher than any that a machine has seen */
    public Desired withSidekiq(String instance, int next) {
        return new Desired(next, revision, parts, instance, once);
    }

    public Desired withOnce(Map<String, String> runs) {
        return new Desired(epoch, revision, parts, sidekiq, runs);
    }

    public Desired withEnvironment(EnvironmentParameters environment) {
        return new Desired(epoch, environment.revision(), environment.documents().size(), sidekiq, once);
    }

    public String json() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of strings is always JSON", e);
        }
    }
}
