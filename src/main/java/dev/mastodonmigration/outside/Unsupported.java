package dev.mastodonmigration.outside;

import java.lang.reflect.Proxy;
import java.util.List;

/** Stands for a choice of the spec that this version has no adapter for: its only word is a violation that names the field and what to use instead. */
public final class Unsupported {
    private static final String VIOLATIONS = "violations";

    private Unsupported() {}

    /**
     * @param port    the interface that an adapter would implement
     * @param field   of the spec, as "spec.target.compute.ec2"
     * @param instead what to do, in words that follow a colon
     */
    public static <T> T of(Class<T> port, String field, String instead) {
        var sentence = field + " is not supported yet: " + instead + ".";
        return port.cast(Proxy.newProxyInstance(port.getClassLoader(), new Class<?>[] {port}, (proxy, method, arguments) -> {
            if (method.getName().equals(VIOLATIONS)) {
                return List.of(sentence);
            }
            if (method.getDeclaringClass() == Object.class) {
                return method.invoke(sentence, arguments);
            }
            throw new OutsideException(sentence, false);
        }));
    }
}
