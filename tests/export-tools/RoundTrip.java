import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.*;
import java.util.*;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.example.Json;

/** Compiles generated Java and sends every good sample through its classes. Prints a line of JSON for each. */
class RoundTrip {
    static final ObjectMapper PLAIN = new ObjectMapper();
    static final Path CLASSES = Path.of("classes");

    /** Arguments: TOOL FOLDER PACKAGE, of which `FOLDER/TOOL` has the sources; `-` as the sources' folder: compiled already. */
    public static void main(String[] arguments) throws Exception {
        for (int at = 0; at + 4 <= arguments.length; at += 4) {
            run(arguments[at], Path.of(arguments[at + 1]), arguments[at + 2], arguments[at + 3]);
        }
    }

    static void run(String tool, Path folder, String sources, String pack) throws Exception {
        ClassLoader loader = RoundTrip.class.getClassLoader();
        Path classes = folder.resolve("target/classes");
        if (!sources.equals("-")) {
            classes = CLASSES.resolve(tool).resolve(folder.getFileName());
            String wrong = compile(folder.resolve(sources), classes);
            if (wrong != null) {
                say(tool, folder, "", "error", "does not compile: " + wrong);
                return;
            }
        } else {
            classes = Path.of("target/classes");
        }
        try (var loaded = new URLClassLoader(new URL[] {classes.toUri().toURL()}, loader)) {
            Map<String, Class<?>> byName = new HashMap<>();
            Path below = classes.resolve(pack.replace('.', '/'));
            try (Stream<Path> files = Files.list(below)) {
                for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                    String name = file.getFileName().toString().replace(".class", "");
                    byName.put(name.toLowerCase(Locale.ROOT), loaded.loadClass(pack + "." + name));
                }
            }
            for (JsonNode sample : PLAIN.readTree(folder.resolve("samples/index.json").toFile()).get("samples")) {
                if (sample.get("valid").asBoolean()) {
                    one(tool, folder, sample, byName);
                }
            }
        }
    }

    static void one(String tool, Path folder, JsonNode sample, Map<String, Class<?>> byName) throws Exception {
        String event = sample.get("event").asText(), file = sample.get("file").asText();
        String title = PLAIN.readTree(folder.resolve("schemas/" + event + ".json").toFile()).get("title").asText();
        Class<?> type = byName.get(title.toLowerCase(Locale.ROOT));
        if (type == null) {
            say(tool, folder, file, "error", "no class");
            return;
        }
        try {
            Object value = Json.MAPPER.readValue(folder.resolve("samples").resolve(file).toFile(), type);
            say(tool, folder, file, "written", Json.MAPPER.writeValueAsString(value));
        } catch (Exception refused) {
            say(tool, folder, file, "error", String.valueOf(refused.getMessage()).lines().findFirst().orElse(""));
        }
    }

    static String compile(Path sources, Path classes) throws Exception {
        Files.createDirectories(classes);
        var compiler = ToolProvider.getSystemJavaCompiler();
        var said = new StringWriter();
        try (var files = compiler.getStandardFileManager(null, null, null); Stream<Path> all = Files.walk(sources)) {
            var units = files.getJavaFileObjectsFromPaths(all.filter(f -> f.toString().endsWith(".java")).toList());
            var options = List.of("-proc:none", "-Xlint:none", "-nowarn", "-d", classes.toString(), "-cp",
                System.getProperty("java.class.path"));
            boolean fine = compiler.getTask(said, files, null, options, null, units).call();
            return fine ? null : said.toString();
        }
    }

    static void say(String tool, Path folder, String file, String key, String text) throws Exception {
        var line = new LinkedHashMap<String, String>();
        line.put("tool", tool);
        line.put("folder", folder.getFileName().toString());
        line.put("file", file);
        line.put(key, text);
        System.out.println(PLAIN.writeValueAsString(line));
    }
}
