package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.embedded.aws.AwsCall;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import dev.mastodonmigration.embedded.aws.StoredByHand;
import dev.mastodonmigration.worker.bucket.BucketException;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The final backup in a bucket: what it holds, what is left of one that was killed, and what it never does to what others have there. */
@ExtendWith(SharedPostgres.class)
class BackUpToBucketTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    @TempDir
    Path credentials;
    private StoredByHand bucket;

    @BeforeEach
    void bucket() throws IOException {
        bucket = StoredByHand.bucket(aws.proxy(), "last-copy");
        Files.writeString(credentials.resolve("AWS_ACCESS_KEY_ID"), "AKIABACKUP\n");
        Files.writeString(credentials.resolve("AWS_SECRET_ACCESS_KEY"), "geheim\n");
    }

    @AfterEach
    void close() {
        if (bucket != null) {
            bucket.close();
        }
    }

    private BackupDestination destination() {
        return BackupDestination.of(Map.of(WorkerContext.ENV_BUCKET, "s3://last-copy/mastodon/", WorkerContext.ENV_AWS_REGION, "eu-central-1", WorkerContext.ENV_AWS_CREDENTIALS, credentials.toString(),
                WorkerContext.ENV_AWS_ENDPOINT, aws.proxy().address().toString()));
    }

    private BackUpSource task() {
        return new BackUpSource(destination());
    }

    private static TwoDatabases small() throws Exception {
        var world = TwoDatabases.like(15, "backed_up_to_a_bucket", "CREATE TABLE accounts (id bigint PRIMARY KEY, username text)", "INSERT INTO accounts SELECT n, md5(n::text) FROM generate_series(1, 500) n",
                "CREATE TABLE empty (id int)", "CREATE SEQUENCE ids START 77", "SELECT nextval('ids')");
        world.closeSource();
        return world;
    }

    private static String folder(TwoDatabases world, int attempt) {
        return "mastodon/mastodon-migration-" + world.uid + "/" + attempt + "/";
    }

    private static List<String> whole(TwoDatabases world, int attempt) {
        return List.of(folder(world, attempt) + "contents.list", folder(world, attempt) + "manifest.json", folder(world, attempt) + "postgres.dump");
    }

    private BackupManifest manifest(TwoDatabases world, int attempt) throws IOException {
        return new ObjectMapper().readValue(bucket.get(folder(world, attempt) + "manifest.json"), BackupManifest.class);
    }

    @Test
    void whatIsRestoredFromItAsItsManifestSaysIsEqualToTheSource() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.closeSource();
        var report = world.run(task());
        assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(report.message()).contains("s3://last-copy/" + folder(world, 1) + "postgres.dump");
        assertThat(bucket.keys()).isEqualTo(whole(world, 1));
        assertThat(bucket.uploads()).isEmpty();

        var manifest = manifest(world, 1);
        assertThat(manifest.restore().getFirst()).isEqualTo("aws s3 cp --recursive s3://last-copy/" + folder(world, 1) + " .");
        var directory = Files.createDirectory(world.home().resolve("fetched"));
        for (var file : manifest.files()) {
            var fetched = Files.write(directory.resolve(file.name()), bucket.get(folder(world, 1) + file.name()));
            assertThat(file.isIn(fetched)).as(file.name()).isTrue();
        }
        var superuser = world.targetServer.url(world.target, "postgres");
        var restore = new ArrayList<>(List.of(manifest.restore().get(1).replace("<an empty database>", superuser).split(" ")));
        restore.set(0, PostgresPrograms.forSource(15).program("pg_restore"));
        var process = new ProcessBuilder(restore).directory(directory.toFile()).redirectErrorStream(true).start();
        var words = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(words).isZero();
        world.secret(WorkerContext.TARGET_POSTGRES_URL, superuser);
        try (var target = world.targetServer.superuser(world.target)) {
            for (var step : manifest.restore().subList(2, manifest.restore().size())) {
                Query.run(target, step);
            }
        }
        var compared = new Comparison(Database.source(world.context(), "test"), Database.target(world.context(), "test"), Optional.empty()).run();
        assertThat(compared.differences()).isEmpty();
        assertThat(report.figures()).containsEntry(Figure.ROWS, compared.rows()).containsEntry(Figure.BYTES, manifest.files().getFirst().bytes());
    }

    @Test
    void aDumpOfManyPartsIsSentWithoutADiskAndReadBackWhole() throws Exception {
        var world = TwoDatabases.like(15, "of_many_parts", "CREATE TABLE large (v text)", "INSERT INTO large SELECT md5(n::text) || md5((-n)::text) FROM generate_series(1, 600000) n");
        world.closeSource();
        var report = world.run(task());
        assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(report.figures()).containsEntry(Figure.ROWS, 600_000L);
        assertThat(aws.proxy().calls().of("s3:UploadPart")).hasSizeGreaterThan(2);
        assertThat(manifest(world, 1).files().getFirst()).isEqualTo(BackupManifest.Content.of("postgres.dump", new ByteArrayInputStream(bucket.get(folder(world, 1) + "postgres.dump"))));
        try (var left = Files.list(world.context().scratch())) {
            assertThat(left).as("nothing of it was on a disk").isEmpty();
        }
    }

    @Test
    void runTwiceItReadsBackWhatIsThereAndWritesNothing() throws Exception {
        var world = small();
        var first = world.run(task());
        var written = bucket.objects();
        world.run(context -> ClearSource.retire(context, "release"));
        assertThat(world.run(task())).as("although the source's gate is open by now").isEqualTo(first);
        assertThat(bucket.objects()).isEqualTo(written);
    }

    /** As one whose worker is killed after each of its calls that change something: from then on nothing of it arrives. */
    @Test
    void killedAnywhereTheNextRunEndsWithTheWholeBackupAndOverwritesNothing() throws Exception {
        var world = small();
        world.run(task());
        var changes = aws.proxy().calls().changes().size();
        assertThat(changes).isGreaterThan(6);
        for (var killed = 0; killed < changes; killed++) {
            bucket.keys().forEach(bucket::delete);
            var left = new AtomicInteger(killed);
            aws.proxy().faults().whenever(call -> call.service().equals("s3") && call.isChange() && left.getAndDecrement() <= 0, new AwsFault.Refused(403, "AccessDenied", "Access Denied"));
            assertThatThrownBy(() -> world.run(task())).as("killed after " + killed).isInstanceOf(Refusal.class);
            aws.proxy().faults().clear();
            var before = bucket.objects();
            var report = world.run(task());
            assertThat(report.outcome()).as("killed after " + killed + report.message()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(bucket.objects()).as("killed after " + killed).containsAllEntriesOf(before);
            assertThat(bucket.keys()).containsAll(whole(world, before.isEmpty() ? 1 : 2));
            assertThat(bucket.uploads()).as("killed after " + killed).isEmpty();
        }
    }

    @Test
    void anAnswerThatIsLostIsNoOverwritingAndNoFailure() throws Exception {
        var world = small();
        world.run(task());
        var changes = aws.proxy().calls().changes().size();
        for (var lost = 1; lost <= changes; lost++) {
            bucket.keys().forEach(bucket::delete);
            aws.proxy().faults().nthChange(lost, new AwsFault.LostAnswer());
            var report = world.run(task());
            assertThat(aws.proxy().faults().waiting()).isZero();
            assertThat(report.outcome()).as(lost + report.message()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(bucket.keys()).as("answer " + lost).isEqualTo(whole(world, 1));
            world.run(task());
            assertThat(bucket.uploads()).as("one that was begun twice is found by the next run").isEmpty();
        }
    }

    @Test
    void nothingThatItDidNotWriteIsTouched() throws Exception {
        var world = small();
        bucket.put("beside", "precious");
        bucket.put("mastodon/beside", "precious");
        bucket.put(folder(world, 1) + "postgres.dump", "precious");
        bucket.put(folder(world, 1).replace("/1/", "/") + "manifest.json", "precious");
        bucket.upload("mastodon/of-somebody-else");
        bucket.upload(folder(world, 1) + "postgres.dump");
        var before = bucket.objects();
        assertThat(world.run(task()).outcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(bucket.objects()).containsAllEntriesOf(before);
        assertThat(bucket.keys()).containsAll(whole(world, 2));
        assertThat(bucket.uploads()).as("that of a killed worker of ours is ended").containsExactly("mastodon/of-somebody-else");
        assertThat(aws.proxy().calls().names()).noneMatch(name -> name.contains("DeleteObject"));
    }

    /** Who writes there at the very moment is not overwritten either: S3 itself looks. */
    @Test
    void everythingThatIsWrittenIsWrittenOnlyWhereThereIsNothing() throws Exception {
        small().run(task());
        for (var name : List.of("s3:PutObject", "s3:CompleteMultipartUpload")) {
            assertThat(aws.proxy().calls().of(name)).as(name).isNotEmpty().extracting(RecordedCall::call).extracting(AwsCall::headers).allSatisfy(headers -> assertThat(headers).containsEntry("if-none-match", "*"));
        }
        var world = small();
        aws.proxy().faults().next("s3:CompleteMultipartUpload", new AwsFault.Refused(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"));
        assertThatThrownBy(() -> world.run(task())).isInstanceOf(Refusal.class).hasMessageContaining("something that this migration did not write").hasMessageContaining("not touched");
    }

    @Test
    void lookedAtAgainItIsThereAndWholeOrThatIsTold() throws Exception {
        var world = small();
        var check = new CheckBackup(destination());
        assertThatThrownBy(() -> world.run(check)).isInstanceOf(Refusal.class).hasMessageContaining("not in its bucket any more");
        var made = world.run(task());
        aws.proxy().calls().clear();
        assertThat(world.run(check)).isEqualTo(made);
        assertThat(aws.proxy().calls().changes()).as("it changes nothing").isEmpty();
        for (var key : whole(world, 1)) {
            var content = bucket.get(key);
            bucket.delete(key);
            assertThatThrownBy(() -> world.run(check)).as(key).isInstanceOf(Refusal.class);
            // A bracket of the manifest, a byte of a table, a word of the list.
            var at = key.endsWith("manifest.json") ? 0 : content.length / 2;
            content[at] ^= 1;
            bucket.put(key, content);
            assertThatThrownBy(() -> world.run(check)).as(key).isInstanceOf(Refusal.class).hasMessageContaining("is not what this migration wrote");
            content[at] ^= 1;
            bucket.put(key, content);
            assertThat(world.run(check)).isEqualTo(made);
        }
    }

    @Test
    void whatArrivesOtherwiseThanItWasSentIsNoBackup() throws Exception {
        var world = small();
        // Between sending it and reading it back somebody puts another of the same length there.
        var dump = folder(world, 1) + "postgres.dump";
        aws.proxy().faults().whenever(call -> {
            if (call.name().equals("s3:GetObject") && bucket.keys().contains(dump)) {
                var other = bucket.get(dump);
                other[other.length - 5] ^= 0x55;
                bucket.put(dump, other);
            }
            return false;
        }, new AwsFault.CutBefore());
        assertThatThrownBy(() -> world.run(task())).isInstanceOfAny(IOException.class, Refusal.class);
        assertThat(bucket.keys()).doesNotContain(folder(world, 1) + "manifest.json");
    }

    @Test
    void aSourceThatTakesWritesIsNotBackedUp() throws Exception {
        var world = TwoDatabases.like(15, "backed_up_open_to_a_bucket", "CREATE TABLE accounts (id bigint PRIMARY KEY)");
        world.run(new MarkSource());
        assertThatThrownBy(() -> world.run(task())).isInstanceOf(Refusal.class).hasMessageContaining("write gate");
        assertThat(bucket.keys()).isEmpty();
    }

    @Test
    void eachRefusalSaysWhatToDoBeforeAnythingIsDumped() throws Exception {
        var world = small();
        refused(world, 404, "NoSuchBucket", "There is no bucket last-copy").hasMessageContaining("spec.retire.backup.s3.bucket");
        refused(world, 403, "AccessDenied", "iam-policy-backup.json").hasMessageContaining("kms:GenerateDataKey");
        refused(world, 403, "InvalidAccessKeyId", "AWS refuses the credentials");
        refused(world, 400, "ExpiredToken", "renew the Secret that spec.aws.credentialsSecretRef names");
        refused(world, 301, "PermanentRedirect", "The bucket last-copy is in another region, and spec.aws.region is eu-central-1");
        Files.writeString(credentials.resolve("AWS_SECRET_ACCESS_KEY"), "");
        assertThatThrownBy(() -> world.run(task())).isInstanceOf(Refusal.class).hasMessageContaining("no key \"AWS_SECRET_ACCESS_KEY\"");
        var lost = BackupDestination.of(Map.of(WorkerContext.ENV_BUCKET, "s3://last-copy/"));
        assertThatThrownBy(() -> world.run(new BackUpSource(lost))).isInstanceOf(Refusal.class).hasMessageContaining("spec.aws.region");
        assertThat(bucket.keys()).isEmpty();
        assertThat(bucket.uploads()).isEmpty();
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused(TwoDatabases world, int status, String code, String words) {
        aws.proxy().faults().whenever(call -> call.service().equals("s3"), new AwsFault.Refused(status, code, "words of S3"));
        try {
            return assertThatThrownBy(() -> world.run(task())).as(code).isInstanceOf(Refusal.class).hasMessageContaining(words);
        } finally {
            aws.proxy().faults().clear();
        }
    }

    /** What each call is to a policy (Service Authorization Reference of S3). */
    private static final Map<String, String> ACTIONS = Map.of("ListObjectsV2", "s3:ListBucket", "ListMultipartUploads", "s3:ListBucketMultipartUploads", "HeadObject", "s3:GetObject", "GetObject", "s3:GetObject",
            "CreateMultipartUpload", "s3:PutObject", "UploadPart", "s3:PutObject", "CompleteMultipartUpload", "s3:PutObject", "PutObject", "s3:PutObject", "AbortMultipartUpload", "s3:AbortMultipartUpload");

    @Test
    void theExamplePolicyAllowsWhatIsCalledAndNothingMore() throws Exception {
        var world = small();
        var destination = BackupDestination.of(Map.of(WorkerContext.ENV_BUCKET, "s3://last-copy/", WorkerContext.ENV_AWS_REGION, "eu-central-1", WorkerContext.ENV_AWS_CREDENTIALS, credentials.toString(),
                WorkerContext.ENV_AWS_ENDPOINT, aws.proxy().address().toString()));
        world.run(new BackUpSource(destination));
        world.run(new CheckBackup(destination));
        var asked = new TreeSet<String>();
        aws.proxy().calls().all().stream().map(RecordedCall::call).forEach(call -> {
            var path = call.target().replaceAll("\\?.*", "").replaceAll("/$", "");
            asked.add(ACTIONS.get(call.action()) + " arn:aws:s3::" + path.replaceFirst("/", ":").replaceFirst("mastodon-migration-.*", "mastodon-migration-*"));
        });
        var allowed = new TreeSet<String>();
        for (var statement : new ObjectMapper().readTree(Path.of("deploy/examples/iam-policy-backup.json").toFile()).get("Statement")) {
            statement.get("Action").forEach(action -> allowed.add(action.asText() + " " + statement.get("Resource").asText()));
        }
        assertThat(allowed).isEqualTo(asked);
    }

    @Test
    void whatMayPassIsTriedAgain() throws Exception {
        var world = small();
        var busy = new AtomicInteger(3);
        aws.proxy().faults().whenever(call -> call.name().equals("s3:UploadPart") && busy.getAndDecrement() > 0, new AwsFault.Throttled());
        assertThat(world.run(task()).outcome()).isEqualTo(Outcome.SUCCEEDED);
        aws.proxy().faults().whenever(call -> call.name().equals("s3:ListObjectsV2"), new AwsFault.CutBefore());
        assertThatThrownBy(() -> world.run(new CheckBackup(destination()))).isInstanceOfSatisfying(BucketException.class, e -> assertThat(e.mayPass()).isTrue());
    }
}
