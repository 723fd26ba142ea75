package dev.mastodonmigration.target.aws;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/** A range of addresses, as 10.0.0.0/16. EC2 keeps it without the bits behind the prefix, so that one that was written with them would be looked for in vain. */
final class AddressRange {
    private static final Pattern V4 = Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}");

    private AddressRange() {}

    /** What is wrong with it, with what is right. */
    static Optional<String> fault(String range) {
        var slash = range.indexOf('/');
        var address = range.substring(0, slash);
        var prefix = Integer.parseInt(range.substring(slash + 1));
        // Neither is ever looked up as a name: one has only digits and dots, the other a colon.
        if (!V4.matcher(address).matches() && !address.contains(":")) {
            return Optional.of(range + " is no range of addresses.");
        }
        try {
            var bytes = InetAddress.getByName(address).getAddress();
            if (prefix > bytes.length * Byte.SIZE) {
                return Optional.of(range + " has a prefix longer than an address.");
            }
            var masked = bytes.clone();
            for (var bit = prefix; bit < bytes.length * Byte.SIZE; bit++) {
                masked[bit / Byte.SIZE] &= (byte) ~(0x80 >> bit % Byte.SIZE);
            }
            return Arrays.equals(masked, bytes) ? Optional.empty() : Optional.of(range + " has bits behind its prefix. Write " + InetAddress.getByAddress(masked).getHostAddress() + "/" + prefix + ".");
        } catch (UnknownHostException notAnAddress) {
            return Optional.of(range + " is no range of addresses.");
        }
    }
}
