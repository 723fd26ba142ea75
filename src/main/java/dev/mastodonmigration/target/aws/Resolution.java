package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.edge.NameServers;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether a zone's own name servers answer as its records say they should. */
final class Resolution {
    private final NameServers servers;
    private final List<String> names;

    /** @param names of the zone's name servers */
    Resolution(NameServers servers, List<String> names) {
        this.servers = servers;
        this.names = names;
    }

    /**
     * The first answer that is another.
     *
     * @param wanted what the zone has
     * @param gone   what it may have had before
     */
    Optional<String> differs(List<ZoneRecord> wanted, List<ZoneRecord> gone) {
        var questions = new LinkedHashSet<NameServers.Question>();
        Stream.concat(wanted.stream(), gone.stream()).map(ZoneRecord::question).forEach(questions::add);
        return names.stream().flatMap(server -> questions.stream().flatMap(question -> differs(server, question, wanted).stream())).findFirst();
    }

    private Optional<String> differs(String server, NameServers.Question question, List<ZoneRecord> records) {
        var wanted = records.stream().filter(record -> record.question().equals(question)).toList();
        if (wanted.isEmpty() && records.stream().anyMatch(record -> record.name().equals(question.name()) && record.type().equals(ZoneRecord.CNAME))) {
            // A server answers such a question with what the CNAME leads to.
            return Optional.empty();
        }
        var said = servers.ask(server, question).stream().filter(answer -> answer.type().equals(question.type())).map(answer -> plain(answer.value(), question.type())).collect(Collectors.toSet());
        return fits(said, wanted, question.type()) ? Optional.empty() : Optional.of("name server " + server + " still answers " + (said.isEmpty() ? "nothing" : String.join(", ", said)) + " for " + question.words());
    }

    private static boolean fits(Set<String> said, List<ZoneRecord> wanted, String type) {
        if (wanted.stream().anyMatch(record -> record.alias().isPresent())) {
            // The addresses of what an alias leads to are that one's, and change. It may have no IPv6.
            return !said.isEmpty() || type.equals(ZoneRecord.AAAA);
        }
        var values = new HashSet<String>();
        wanted.forEach(record -> record.values().forEach(value -> values.add(plain(value, type))));
        return wanted.stream().anyMatch(record -> record.weighted().isPresent()) ? !said.isEmpty() && values.containsAll(said) : said.equals(values);
    }

    /** An IPv6 address can be written in several ways. */
    private static String plain(String value, String type) {
        try {
            return type.equals(ZoneRecord.CNAME) ? ZoneRecord.absolute(value) : InetAddress.getByName(value).getHostAddress();
        } catch (UnknownHostException notAnAddress) {
            return value;
        }
    }
}
