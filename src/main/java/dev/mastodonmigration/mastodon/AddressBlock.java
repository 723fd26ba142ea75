package dev.mastodonmigration.mastodon;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Addresses that have their first bits in common, as a proxy is named by them.
 *
 * @param address in hexadecimal digits: 8 of IPv4, 32 of IPv6
 * @param prefix  how many bits count
 */
public record AddressBlock(String address, int prefix) {
    private static final Pattern V4 = Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(?:\\.(?!$)|$)){4}");
    private static final Pattern V6 = Pattern.compile("[0-9a-fA-F:]*:[0-9a-fA-F:.]*");
    /** No zeros before: Ruby's IPAddr, with which Mastodon reads them, ends the app over those of an address. */
    private static final String BITS = "0|[1-9]\\d{0,2}";
    private static final int HEX_DIGIT_BITS = 4;

    /** Of an address alone too; empty where it is neither. */
    public static Optional<AddressBlock> of(String text) {
        var slash = text.indexOf('/');
        var address = slash < 0 ? text : text.substring(0, slash);
        var bits = slash < 0 ? "" : text.substring(slash + 1);
        // Neither is ever looked up as a name.
        if (!V4.matcher(address).matches() && !V6.matcher(address).matches() || slash >= 0 && !bits.matches(BITS)) {
            return Optional.empty();
        }
        try {
            var bytes = InetAddress.getByName(address).getAddress();
            var prefix = slash < 0 ? bytes.length * Byte.SIZE : Integer.parseInt(bits);
            return prefix > bytes.length * Byte.SIZE ? Optional.empty() : Optional.of(new AddressBlock(HexFormat.of().formatHex(bytes), prefix));
        } catch (UnknownHostException notAnAddress) {
            return Optional.empty();
        }
    }

    public boolean covers(AddressBlock other) {
        return address.length() == other.address.length() && prefix <= other.prefix && first(address).equals(first(other.address));
    }

    private String first(String hex) {
        var digits = new StringBuilder();
        for (var digit : hex.toCharArray()) {
            digits.append(Integer.toBinaryString(1 << HEX_DIGIT_BITS | Character.digit(digit, 1 << HEX_DIGIT_BITS)).substring(1));
        }
        return digits.substring(0, prefix);
    }
}
