package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.OutsideException;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Optional;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingException;
import javax.naming.directory.InitialDirContext;

/**
 * By the JDK's own DNS client (jdk.naming.dns), which remembers nothing. A resolver library that puts itself in the place of the JVM's for all names, as dnsjava
 * does from 3.6 on, is no good here: workers find databases by that one.
 */
final class JndiNameServers implements NameServers {
    private static final String FACTORY = "com.sun.jndi.dns.DnsContextFactory";
    /** One try each: the next look is the next try. */
    private static final String TIMEOUT_MILLIS = "1500";
    private static final String TRIES = "1";
    private final Optional<String> instead;

    /** @param instead the only server that is ever asked, as "127.0.0.1:53", for tests */
    JndiNameServers(Optional<String> instead) {
        this.instead = instead;
    }

    @Override
    public List<String> ask(String server, ZoneRecord.Question question) {
        return ask("dns://" + instead.orElse(server), "true", "Name server " + server, question);
    }

    @Override
    public List<String> delegated(String zone) {
        // Without a server JNDI asks those of the system, as /etc/resolv.conf has them.
        return ask(instead.map(server -> "dns://" + server).orElse("dns:"), "false", "The system's resolver", new ZoneRecord.Question(ZoneRecord.absolute(zone), "NS"));
    }

    private static List<String> ask(String url, String authoritative, String who, ZoneRecord.Question question) {
        var settings = new Hashtable<String, String>();
        settings.put(Context.INITIAL_CONTEXT_FACTORY, FACTORY);
        settings.put(Context.PROVIDER_URL, url);
        settings.put(Context.AUTHORITATIVE, authoritative);
        settings.put("com.sun.jndi.dns.recursion", "true".equals(authoritative) ? "false" : "true");
        settings.put("com.sun.jndi.dns.timeout.initial", TIMEOUT_MILLIS);
        settings.put("com.sun.jndi.dns.timeout.retries", TRIES);
        try {
            var context = new InitialDirContext(settings);
            try {
                var attribute = context.getAttributes(question.name(), new String[] {question.type()}).get(question.type());
                var values = new ArrayList<String>();
                for (var i = 0; attribute != null && i < attribute.size(); i++) {
                    values.add(String.valueOf(attribute.get(i)));
                }
                return List.copyOf(values);
            } finally {
                context.close();
            }
        } catch (NameNotFoundException nothing) {
            return List.of();
        } catch (NamingException e) {
            throw new OutsideException(who + " did not say what it has for " + question.words() + " (" + e.getMessage() + "). The operator asks again; it must be able to reach name servers on port 53, UDP and TCP.", true);
        }
    }
}
