package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DumpContentsTest {
    @Test
    void keepsTheInstanceAndLeavesOutTheProvidersAndOurs() {
        var kept = List.of(
                "6; 2615 16400 SCHEMA - archive app", "215; 1259 16402 TABLE public statuses app", "3500; 0 16402 TABLE DATA public statuses app",
                "3401; 2620 16800 TRIGGER public statuses recount app", "230; 1259 16500 MATERIALIZED VIEW public instances app",
                "3600; 0 0 COMMENT public TABLE statuses app",
                "231; 1259 16501 TABLE public \"EXTENSION list\" app", "3402; 2606 16801 FK CONSTRAINT public mentions mentions_status_id_fkey app");
        var left = List.of(
                ";", "; Archive created at 2026-11-22", "5; 2615 2200 SCHEMA - public postgres", "7; 2615 16401 SCHEMA - heroku_ext postgres",
                "3601; 0 0 COMMENT - SCHEMA public postgres",
                "2; 3079 16410 EXTENSION - citext", "3602; 0 0 COMMENT - EXTENSION citext", "3300; 3466 16420 EVENT TRIGGER - heroku_after_ddl postgres",
                "3603; 0 0 ACL - SCHEMA public postgres", "1800; 826 16421 DEFAULT ACL public DEFAULT PRIVILEGES FOR TABLES app",
                "3501; 0 16500 MATERIALIZED VIEW DATA public instances app",
                "3403; 2620 16900 TRIGGER public statuses mastodon_migration_gate app", "3604; 6104 16901 PUBLICATION - everything app");
        var listing = new ArrayList<>(left);
        listing.addAll(kept);
        assertThat(DumpContents.edited(listing, Set.of("public", "heroku_ext", "mastodon_migration"))).isEqualTo(kept);
    }
}
