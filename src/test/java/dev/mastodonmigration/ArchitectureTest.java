package dev.mastodonmigration;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.domain.JavaFieldAccess.AccessType;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.smallrye.config.ConfigMapping;
import org.junit.jupiter.api.Test;

/** Who may know whom. A rule that breaks says where. */
class ArchitectureTest {
    private static final String OURS = "dev.mastodonmigration.";
    private static final JavaClasses CLASSES = new ClassFileImporter().importUrl(MastodonMigrationStatus.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void noPackageDependsOnItselfByWayOfAnother() {
        check(slices().matching("dev.mastodonmigration.(**)").should().beFreeOfCycles());
    }

    @Test
    void phasesKnowPortsAndNoOutsideSystem() {
        check(noClasses().that().resideInAPackage(in("phase")).should().dependOnClassesThat(
                resideInAnyPackage("io.fabric8..", "redis.clients..", "java.sql..", "java.net.http..", "io.vertx..", in("source.heroku"), in("source.endpoints"), in("target.kubernetes"),
                        in("target.existing"), in("target.aws"), in("worker.redis"), in("worker.postgres")).and(not(type(ObjectMeta.class))))); // a migration's name and uid
    }

    @Test
    void statusIsChangedInOnePackage() {
        check(noClasses().that().resideOutsideOfPackages(in("status"), in("api")).should().setFieldWhere(describe("a field of status is set", ArchitectureTest::setsStatus)));
    }

    /** Such a method is never asked for what is configured: its own answer would always win. */
    @Test
    void settingsHaveNoMethodsWithABody() {
        check(methods().that().areDeclaredInClassesThat().areAnnotatedWith(ConfigMapping.class).should().haveModifier(JavaModifier.ABSTRACT));
    }

    @Test
    void theApiKnowsNothingOfOurs() {
        check(noClasses().that().resideInAPackage(in("api")).should().dependOnClassesThat(describe("ours", type -> type.getPackageName().startsWith(OURS) && !type.getPackageName().startsWith(OURS + "api"))));
    }

    @Test
    void statusKnowsNothingOfWhatDecidesAndActs() {
        check(noClasses().that().resideInAPackage(in("status")).should().dependOnClassesThat().resideInAnyPackage(in("itinerary"), in("phase"), in("reconcile")));
    }

    @Test
    void decidingKnowsNothingOfActing() {
        check(noClasses().that().resideInAPackage(in("itinerary")).should().dependOnClassesThat().resideInAnyPackage(in("phase"), in("reconcile"), "io.fabric8.kubernetes.client.."));
    }

    @Test
    void phasesKnowNothingOfTheReconciler() {
        check(noClasses().that().resideInAPackage(in("phase")).should().dependOnClassesThat().resideInAPackage(in("reconcile")));
    }

    @Test
    void edgesKnowNothingOfPhases() {
        check(noClasses().that().resideInAnyPackage(in("job"), in("source"), in("target"), in("edge"), in("mastodon"), in("outside"), in("worker"), in("election"))
                .should().dependOnClassesThat().resideInAnyPackage(in("phase"), in("itinerary"), in("reconcile")));
    }

    /** Workers move data wherever they run: no cluster, no resource, no Heroku. */
    @Test
    void workersKnowNothingOfTheControlPlane() {
        check(noClasses().that().resideInAPackage(in("worker")).should().dependOnClassesThat().resideInAnyPackage(
                "io.fabric8..", "io.javaoperatorsdk..", in("job"), in("source"), in("target"), in("edge"), in("status"), in("election")));
    }

    private static String in(String part) {
        return OURS + part + "..";
    }

    private static boolean setsStatus(JavaFieldAccess access) {
        var owner = access.getTargetOwner().getName();
        return access.getAccessType() == AccessType.SET && (owner.equals(MastodonMigrationStatus.class.getName()) || owner.startsWith(MastodonMigrationStatus.class.getName() + "$"));
    }

    /** Packages that do not exist yet break no rule. */
    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(CLASSES);
    }
}
