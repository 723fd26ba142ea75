package dev.mastodonmigration.worker.postgres.live;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One statement that pg_dump would run after the rows are in, and when we run it.
 *
 * @param tree  whose rows it waits for; 0 for none
 * @param bytes size of the table, to begin with the largest
 */
record Definition(int tree, Phase phase, String sql, long bytes) {
    /**
     * KEY and PLAIN after the copy; UNIQUE after the first round; ANALYZE, with VACUUM, after a table's indexes; LATE when all stand; KEYLESS and FINAL in the freeze. To the server a table that was just copied is due for
     * autovacuum, which would keep FINAL waiting in the freeze, for a second each.
     */
    enum Phase { KEY, PLAIN, UNIQUE, ANALYZE, LATE, KEYLESS, FINAL }

    private static final Pattern HEADER = Pattern.compile("^-- Name: (.*); Type: ([^;]*); Schema: (.*); Owner: .*$", Pattern.MULTILINE);
    /** What surrounds the statements; psql alone understands its own commands. */
    private static final Pattern FRAME = Pattern.compile("^(--|SET |\\\\(un)?restrict )");
    private static final String NAME = "(?:\"(?:[^\"]|\"\")+\"|[^\\s\".(]+)";
    private static final Pattern TABLE = Pattern.compile("(?:ALTER TABLE(?: ONLY)?|\\sON(?: ONLY)?) (" + NAME + "\\." + NAME + ")");
    private static final Pattern PLAIN_KEY = Pattern.compile("ALTER TABLE ONLY (" + NAME + "\\." + NAME + ")\\s+ADD CONSTRAINT (" + NAME
            + ") (PRIMARY KEY|UNIQUE) \\(([^()]*)\\)((?: DEFERRABLE)?(?: INITIALLY DEFERRED)?);");

    /**
     * Takes apart what pg_restore wrote for the section after the data.
     *
     * @param trees by name of any table in them
     */
    static List<Definition> parse(String script, Map<String, Tree> trees) {
        var found = new ArrayList<Definition>();
        var keyless = new HashSet<String>();
        Matcher header = HEADER.matcher(script);
        var open = header.find();
        while (open) {
            var name = header.group(1);
            var type = header.group(2);
            var from = header.end();
            open = header.find();
            var sql = script.substring(from, open ? header.start() : script.length()).lines().filter(line -> !FRAME.matcher(line).find())
                    .reduce("", (a, b) -> a + "\n" + b).strip();
            if (!sql.isEmpty()) {
                var definitions = of(name, type, sql, trees);
                if (type.equals("INDEX ATTACH") && keyless.contains(name)) {
                    definitions = List.of(new Definition(0, Phase.KEYLESS, sql, 0));
                }
                if (definitions.getFirst().phase() == Phase.KEYLESS) {
                    // A constraint is listed with its table's name before its own, which is its index's.
                    keyless.add(type.equals("CONSTRAINT") ? name.substring(name.lastIndexOf(' ') + 1) : name);
                }
                found.addAll(definitions);
            }
        }
        return found;
    }

    private static List<Definition> of(String name, String type, String sql, Map<String, Tree> trees) {
        var matcher = TABLE.matcher(sql);
        var tree = matcher.find() ? trees.get(matcher.group(1)) : null;
        var isIndex = type.equals("INDEX") || type.equals("CONSTRAINT");
        if (!isIndex || tree == null) {
            return switch (type) {
                case "INDEX", "INDEX ATTACH", "CONSTRAINT", "STATISTICS" -> List.of(new Definition(0, Phase.LATE, sql, 0));
                case "FK CONSTRAINT" -> List.of(new Definition(0, Phase.FINAL, notValid(sql, trees), 0));
                default -> List.of(new Definition(0, Phase.FINAL, sql, 0));
            };
        }
        var bytes = tree.members().stream().mapToLong(Tree.Member::bytes).sum();
        if (!tree.hasKey()) {
            return List.of(new Definition(0, Phase.KEYLESS, sql, bytes));
        }
        var key = name.equals(tree.keyIndex()) || sql.contains(" PRIMARY KEY ");
        var unique = type.equals("CONSTRAINT") || sql.startsWith("CREATE UNIQUE");
        var phase = key ? Phase.KEY : unique ? Phase.UNIQUE : Phase.PLAIN;
        var constraint = PLAIN_KEY.matcher(sql);
        return tree.partitioned() || !constraint.find() ? List.of(new Definition(tree.id(), phase, sql, bytes))
                : indexFirst(constraint.toMatchResult(), sql.substring(constraint.end()), tree, phase, bytes);
    }

    /**
     * Adding a constraint waits for every index build on its table, and lets none begin meanwhile; building its index does not.
     *
     * @param rest what else pg_dump says of the index: CLUSTER ON, REPLICA IDENTITY
     */
    private static List<Definition> indexFirst(MatchResult constraint, String rest, Tree tree, Phase phase, long bytes) {
        var table = constraint.group(1);
        var name = constraint.group(2);
        return List.of(new Definition(tree.id(), phase, "CREATE UNIQUE INDEX " + name + " ON " + table + " (" + constraint.group(4) + ");", bytes),
                new Definition(0, Phase.LATE, "ALTER TABLE " + table + " ADD CONSTRAINT " + name + " " + constraint.group(3) + " USING INDEX " + name
                        + constraint.group(5) + ";" + rest, 0));
    }

    /** Checking takes as long as the tables are large, and is done when the instance is up again; partitioned tables offer no such delay before 18. */
    private static String notValid(String sql, Map<String, Tree> trees) {
        var matcher = TABLE.matcher(sql);
        var partitioned = matcher.find() && trees.containsKey(matcher.group(1)) && trees.get(matcher.group(1)).partitioned();
        return partitioned || sql.contains(" NOT VALID;") ? sql : sql.replaceFirst(";\\s*$", " NOT VALID;");
    }
}
