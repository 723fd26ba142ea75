package dev.mastodonmigration.phase;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Every phase class there is, found on disk: what the table of contents is compared with. */
public final class Phases {
    private Phases() {}

    /** One of each, as the container would make them. */
    public static List<Phase> all() {
        try {
            return load();
        } catch (IOException | URISyntaxException | ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static List<Phase> load() throws IOException, URISyntaxException, ReflectiveOperationException {
        var root = Path.of(Phase.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        var found = new ArrayList<Phase>();
        try (var files = Files.list(root.resolve(Phase.class.getPackageName().replace('.', '/')))) {
            for (var file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
                var type = Class.forName(Phase.class.getPackageName() + "." + file.getFileName().toString().replace(".class", ""));
                if (Phase.class.isAssignableFrom(type) && !type.isInterface()) {
                    found.add((Phase) type.getConstructor().newInstance());
                }
            }
        }
        return found;
    }
}
