package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretVolumeSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** A pod's file system, played by a temporary directory: its volumes, its termination log, and how paths inside the pod map to it. */
final class PodFiles implements AutoCloseable {
    private static final String DEFAULT_TERMINATION_LOG = "/dev/termination-log";
    private static final int DEFAULT_MODE = 0644;

    private final TemporaryDirectory root = TemporaryDirectory.create("pod-");
    private final PodSpec pod;
    private final String terminationPath;
    /** Path in the pod to directory or file here. */
    private final Map<String, Path> mounts = new LinkedHashMap<>();
    private final Map<String, String> secretVersions = new HashMap<>();

    /** @param claims where each PersistentVolumeClaim keeps its files, by its name: they outlive the pod */
    PodFiles(PodSpec pod, Container container, Function<String, Path> claims) {
        this.pod = pod;
        this.terminationPath = Optional.ofNullable(container.getTerminationMessagePath()).orElse(DEFAULT_TERMINATION_LOG);
        mounts.put(terminationPath, root.resolve("termination-log"));
        try {
            Files.createFile(root.resolve("termination-log"));
            for (var mount : container.getVolumeMounts()) {
                mounts.put(mount.getMountPath(), Files.createDirectories(claim(mount.getName()).map(claims).orElseGet(() -> root.resolve("volume-" + mount.getName()))));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<String> claim(String volume) {
        return pod.getVolumes().stream().filter(candidate -> candidate.getName().equals(volume) && candidate.getPersistentVolumeClaim() != null)
                .map(candidate -> candidate.getPersistentVolumeClaim().getClaimName()).findFirst();
    }

    /** The value with a path in the pod replaced by the path that plays it. */
    String here(String value) {
        return mounts.entrySet().stream()
                .filter(mount -> value.equals(mount.getKey()) || value.startsWith(mount.getKey() + "/"))
                .findFirst()
                .map(mount -> mount.getValue() + value.substring(mount.getKey().length()))
                .orElse(value);
    }

    String terminationLog() {
        return here(terminationPath);
    }

    Path log() {
        return root.resolve("log");
    }

    /** What the container wrote to its termination log, cut as Kubernetes cuts it. */
    String terminationMessage() {
        try {
            var bytes = Files.readAllBytes(root.resolve("termination-log"));
            return new String(bytes, 0, Math.min(bytes.length, 4096), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Writes the mounted Secrets as they are now; unchanged ones are left alone.
     *
     * @return volumes whose Secrets or keys are missing, each as the kubelet says it: a real pod waits for them
     */
    List<String> refreshSecrets(Function<String, Optional<Secret>> secrets) {
        var missing = new ArrayList<String>();
        for (var volume : pod.getVolumes()) {
            var directory = root.resolve("volume-" + volume.getName());
            if (volume.getSecret() != null && Files.isDirectory(directory)) {
                refresh("\"" + volume.getName() + "\" : ", volume.getSecret(), directory, secrets, missing);
            }
        }
        return missing;
    }

    private void refresh(String volume, SecretVolumeSource source, Path directory, Function<String, Optional<Secret>> secrets, List<String> missing) {
        var secret = secrets.apply(source.getSecretName());
        var optional = Boolean.TRUE.equals(source.getOptional());
        if (secret.isEmpty()) {
            if (!optional) {
                missing.add(volume + "secret \"" + source.getSecretName() + "\" not found");
            }
            return;
        }
        var version = secret.get().getMetadata().getResourceVersion();
        if (version.equals(secretVersions.put(source.getSecretName() + directory, version))) {
            return;
        }
        var data = Optional.ofNullable(secret.get().getData()).orElse(Map.of());
        var items = source.getItems().isEmpty()
                ? data.keySet().stream().map(key -> new KeyToPath(key, null, key)).toList()
                : source.getItems();
        for (var item : items) {
            if (data.containsKey(item.getKey())) {
                var mode = Optional.ofNullable(item.getMode()).or(() -> Optional.ofNullable(source.getDefaultMode())).orElse(DEFAULT_MODE);
                write(directory.resolve(item.getPath()), Base64.getDecoder().decode(data.get(item.getKey())), mode);
            } else if (!optional) {
                missing.add(volume + "references non-existent secret key: " + item.getKey());
            }
        }
        remove(directory, items.stream().filter(item -> data.containsKey(item.getKey())).map(KeyToPath::getPath).toList());
    }

    private static void write(Path file, byte[] content, int mode) {
        try {
            var fresh = file.resolveSibling(".fresh-" + file.getFileName());
            Files.deleteIfExists(fresh);
            Files.write(fresh, content);
            Files.setPosixFilePermissions(fresh, permissions(mode));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void remove(Path directory, List<String> kept) {
        for (var file : Optional.ofNullable(directory.toFile().listFiles()).map(Arrays::asList).orElse(List.of())) {
            if (!kept.contains(file.getName())) {
                TemporaryDirectory.deleteTree(file.toPath());
            }
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        var all = PosixFilePermission.values();
        var set = EnumSet.noneOf(PosixFilePermission.class);
        for (var bit = 0; bit < all.length; bit++) {
            if ((mode & (0400 >> bit)) != 0) {
                set.add(all[bit]);
            }
        }
        return set;
    }

    @Override
    public void close() {
        root.close();
    }
}
