package dev.mastodonmigration.target.aws.ec2;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mastodonmigration.outside.OutsideException;
import java.util.Map;

/**
 * How far a machine is, by its own words.
 *
 * @param desired  version of the parameter {@link Desired} that all of this is about
 * @param epoch    the highest that it has seen
 * @param revision of the environment that its processes run with; empty before the first
 * @param units    of servers and Sidekiqs: stopped, starting, healthy, unhealthy
 * @param once     of units that ran or run
 * @param trouble  what keeps it from going on, for the admin; empty when nothing does
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record MachineReport(long desired, int epoch, String revision, Map<String, String> units, Map<String, Once> once, String trouble) {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * One run.
     *
     * @param run   its name in {@link Desired#once}
     * @param state running, ended, failed
     * @param code  that it ended with
     * @param words what it said, without secrets
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Once(String run, String state, int code, String words) {}

    /** @param parameter for the message, @throws OutsideException when it is none: somebody else wrote there */
    public static MachineReport of(String parameter, String json) {
        try {
            return JSON.readValue(json, MachineReport.class);
        } catch (JsonProcessingException e) {
            throw new OutsideException("The parameter " + parameter + " is not a machine's report. Delete it: the machine writes it anew.", true);
        }
    }
}
