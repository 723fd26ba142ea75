package dev.mastodonmigration.edge;

import dev.mastodonmigration.outside.OutsideException;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.EventLoop;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsNameResolverTimeoutException;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * By Netty's DNS client, which Vert.x brings, as a messenger alone: one question to one server, and nothing remembered. The JDK's own does not tell a TTL, and a resolver library that puts itself in the place of
 * the JVM's for all names, as dnsjava does from 3.6 on, is no good here: workers find databases by that one.
 */
public final class DnsClient implements NameServers {
    /** One try each: the next look is the next try. */
    private static final long TIMEOUT_MILLIS = 1500;
    private static final int PORT = 53;
    private final Optional<String> instead;

    /** Of the whole process, made when somebody asks first. */
    private static final class Loop {
        private static final EventLoop ONE = new NioEventLoopGroup(1, new DefaultThreadFactory("dns", true)).next();
    }

    /** @param instead the only server that is ever asked, as "127.0.0.1:53", for tests */
    public DnsClient(Optional<String> instead) {
        this.instead = instead;
    }

    @Override
    public List<Answer> ask(String server, Question question) {
        var who = "Name server " + server;
        return ask(instead.map(DnsClient::address).orElseGet(() -> new InetSocketAddress(server, PORT)), true, who, question);
    }

    @Override
    public List<String> delegated(String zone) {
        var question = new Question(absolute(zone), "NS");
        var last = silent("The system's resolver", question, "there is none");
        for (var resolver : instead.map(server -> List.of(address(server))).orElseGet(() -> resolvers(question))) {
            try {
                return ask(resolver, false, "The system's resolver", question).stream().filter(answer -> answer.type().equals(question.type())).map(Answer::value).toList();
            } catch (OutsideException next) {
                last = next;
            }
        }
        throw last;
    }

    /** In the order in which the system asks them. */
    private static List<InetSocketAddress> resolvers(Question question) {
        var stream = DnsServerAddressStreamProviders.platformDefault().nameServerAddressStream(question.name());
        return Stream.generate(stream::next).limit(stream.size()).toList();
    }

    private static InetSocketAddress address(String server) {
        var colon = server.lastIndexOf(':');
        return new InetSocketAddress(server.substring(0, colon), Integer.parseInt(server.substring(colon + 1)));
    }

    private static List<Answer> ask(InetSocketAddress server, boolean authoritative, String who, Question question) {
        if (server.isUnresolved()) {
            throw silent(who, question, "its address is not known");
        }
        try (var resolver = new DnsNameResolverBuilder(Loop.ONE).channelType(NioDatagramChannel.class).socketChannelType(NioSocketChannel.class).queryTimeoutMillis(TIMEOUT_MILLIS).recursionDesired(!authoritative)
                .optResourceEnabled(false).build()) {
            var asked = resolver.query(server, new DefaultDnsQuestion(question.name(), DnsRecordType.valueOf(question.type()))).awaitUninterruptibly();
            if (!asked.isSuccess()) {
                // What Netty says of it has a number that is another each time.
                throw silent(who, question, asked.cause() instanceof DnsNameResolverTimeoutException ? "no answer within " + TIMEOUT_MILLIS / 1000.0 + " s" : "it cannot be asked");
            }
            var envelope = asked.getNow();
            try {
                return answers(envelope.content(), authoritative, who, question);
            } finally {
                envelope.release();
            }
        }
    }

    private static List<Answer> answers(DnsResponse response, boolean authoritative, String who, Question question) {
        if (response.code().equals(DnsResponseCode.NXDOMAIN)) {
            return List.of();
        }
        if (!response.code().equals(DnsResponseCode.NOERROR)) {
            throw silent(who, question, "it answers " + response.code());
        }
        if (authoritative && !response.isAuthoritativeAnswer()) {
            throw silent(who, question, "it does not answer for that zone");
        }
        var answers = new ArrayList<Answer>();
        for (var i = 0; i < response.count(DnsSection.ANSWER); i++) {
            DnsRecord record = response.recordAt(DnsSection.ANSWER, i);
            if (record instanceof DnsRawRecord raw && absolute(record.name()).equals(absolute(question.name()))) {
                answers.add(new Answer(record.type().name(), value(raw, who, question), Duration.ofSeconds(record.timeToLive())));
            }
        }
        return List.copyOf(answers);
    }

    private static String value(DnsRawRecord record, String who, Question question) {
        var type = record.type();
        if (type.equals(DnsRecordType.CNAME) || type.equals(DnsRecordType.NS)) {
            return DefaultDnsRecordDecoder.decodeName(record.content().duplicate());
        }
        try {
            return InetAddress.getByAddress(ByteBufUtil.getBytes(record.content())).getHostAddress();
        } catch (UnknownHostException noAddress) {
            throw silent(who, question, "it answers with a record of type " + type.name());
        }
    }

    /** Lower-case, with its last dot. */
    static String absolute(String name) {
        var lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower : lower + ".";
    }

    private static OutsideException silent(String who, Question question, String why) {
        return new OutsideException(who + " did not say what it has for " + question.words() + " (" + why + "). The operator asks again; it must be able to reach name servers on port 53, UDP and TCP.", true);
    }
}
