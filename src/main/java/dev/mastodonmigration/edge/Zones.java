package dev.mastodonmigration.edge;

import dev.mastodonmigration.edge.DnsSight.Leads;
import dev.mastodonmigration.edge.NameServers.Answer;
import dev.mastodonmigration.edge.NameServers.Question;
import dev.mastodonmigration.outside.OutsideException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the world is told of names in whatever zones they are, in one look: by the zones' own name servers, which remember nothing. */
final class Zones {
    private static final String CNAME = "CNAME";
    private static final List<String> TYPES = List.of("A", "AAAA");
    /** Those that are asked after so many have not answered would hold the operator up. */
    private static final int MOST_SILENT = 2;
    private static final long NEW_TTL = 60;
    /** Whoever looks has more to do. */
    private static final Duration LONGEST_LOOK = Duration.ofSeconds(5);
    private final NameServers servers;
    private final Map<String, List<String>> known = new HashMap<>();
    private final long end = System.nanoTime() + LONGEST_LOOK.toNanos();
    private int silent;

    Zones(NameServers servers) {
        this.servers = servers;
    }

    /** Of all of the zone's name servers that answer, each once. @throws OutsideException when none does, or the zone is not found, or has nothing under that name */
    List<Answer> records(String domain) {
        var told = new ArrayList<Answer>();
        var last = Optional.<OutsideException>empty();
        for (var server : of(domain)) {
            try {
                TYPES.forEach(type -> told.addAll(ask(server, new Question(DnsClient.absolute(domain), type))));
            } catch (OutsideException refused) {
                last = Optional.of(refused);
            }
        }
        if (told.isEmpty()) {
            throw last.orElseGet(() -> new OutsideException("The name servers of the zone have no A, AAAA or CNAME record of " + domain + ".", true));
        }
        return told.stream().distinct().toList();
    }

    private List<Answer> ask(String server, Question question) {
        if (silent >= MOST_SILENT || System.nanoTime() - end > 0) {
            throw new OutsideException("Name servers do not answer the operator, which must be able to reach them on port 53, UDP and TCP.", true);
        }
        try {
            return servers.ask(server, question);
        } catch (OutsideException refused) {
            silent++;
            throw refused;
        }
    }

    /** The name servers of the nearest zone above, or of that name. */
    private List<String> of(String domain) {
        return Stream.iterate(domain, name -> name.contains("."), name -> name.substring(name.indexOf('.') + 1)).map(this::delegated).filter(found -> !found.isEmpty()).findFirst()
                .orElseThrow(() -> new OutsideException("The system's resolver finds no name servers of the zone of " + domain + ".", true));
    }

    private List<String> delegated(String zone) {
        if (silent >= MOST_SILENT) {
            throw new OutsideException("The system's resolver does not answer the operator.", true);
        }
        try {
            // Always in the same order, because what they say is told.
            return known.computeIfAbsent(zone, name -> servers.delegated(name).stream().sorted().toList());
        } catch (OutsideException refused) {
            silent = MOST_SILENT;
            throw refused;
        }
    }

    static String words(List<Answer> records) {
        return records.stream().map(record -> record.type() + " " + record.value().replaceAll("\\.$", "")).distinct().sorted().collect(Collectors.joining(", "));
    }

    static Duration ttl(List<Answer> records) {
        return records.stream().map(Answer::ttl).max(Duration::compareTo).orElseThrow();
    }

    /** As long as one of the name servers has what leads to the source, users are told so. */
    static Leads leads(List<Answer> records, Optional<String> source, Optional<FrontAddress> edge) {
        var values = records.stream().map(Zones::plain).collect(Collectors.toSet());
        if (source.map(Zones::plain).filter(values::contains).isPresent()) {
            return Leads.SOURCE;
        }
        var names = records.stream().anyMatch(record -> record.type().equals(CNAME));
        return edge.map(to -> isAt(to, values) ? Leads.EDGE : Leads.ELSEWHERE).orElse(names ? Leads.BY_NAME : Leads.BY_ADDRESS);
    }

    private static boolean isAt(FrontAddress edge, Set<String> values) {
        return switch (edge) {
            case FrontAddress.Fixed fixed -> fixed.addresses().stream().map(Zones::plain).collect(Collectors.toSet()).containsAll(values);
            // Where a name may not be a CNAME providers put addresses of what it would lead to, which may have more of them than one answer has.
            case FrontAddress.Named named -> values.equals(Set.of(plain(named.name()))) || addresses(named.name()).stream().anyMatch(values::contains);
        };
    }

    private static Set<String> addresses(String name) {
        try {
            return Stream.of(InetAddress.getAllByName(name)).map(InetAddress::getHostAddress).collect(Collectors.toSet());
        } catch (UnknownHostException notNow) {
            return Set.of();
        }
    }

    private static String plain(Answer record) {
        return plain(record.value());
    }

    /** An IPv6 address can be written in several ways. */
    private static String plain(String value) {
        try {
            return value.contains(":") ? InetAddress.getByName(value).getHostAddress() : value.matches("[0-9.]+") ? value : DnsClient.absolute(value);
        } catch (UnknownHostException notAnAddress) {
            return value;
        }
    }

    /** What is to stand there, for whoever holds the zone. */
    static String wanted(String domain, Optional<FrontAddress> edge, String words) {
        return edge.map(to -> switch (to) {
            case FrontAddress.Fixed fixed -> fixed.addresses().stream().map(address -> (address.contains(":") ? "AAAA " : "A ") + address).collect(Collectors.joining(", "));
            case FrontAddress.Named named -> "CNAME " + named.name() + " (or, where " + domain + " is the zone's own name, the ALIAS or flattened CNAME of your provider)";
        }).orElse("the name or the addresses of " + words) + ", TTL " + NEW_TTL;
    }
}
