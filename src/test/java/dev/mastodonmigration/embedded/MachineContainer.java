package dev.mastodonmigration.embedded;

import java.util.List;
import java.util.Map;

/**
 * A container of a machine on EC2, as its process found it.
 *
 * @param machine     id of the instance
 * @param command     the program of the image, by its name alone, and its arguments
 * @param environment of the process; what is mounted into the container stands in it where it is mounted from
 */
public record MachineContainer(String machine, String name, String image, List<String> command, Map<String, String> environment) {}
