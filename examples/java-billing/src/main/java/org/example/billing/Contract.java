package org.example.billing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.example.events.OrderPlaced;
import org.example.events.PaymentCreated;
import org.example.events.ProfileViewed;
import org.example.events.UserScheduleCreated;

/**
 * One event of the contracts: its generated class, its schema, and where it goes. Maven generates the classes from
 * {@code schemas/}; the constants below say what a JSON Schema cannot.
 * {@code event-contracts export asyncapi --service billing} lists the same subjects, streams and durables.
 *
 * @param stream without one the event is ephemeral
 */
public record Contract<E>(
        String name, Class<E> type, Function<E, String> subject, String stream, Function<E, Object> id, JsonSchema schema) {

    /** A body that is not the event that its subject promises. Never quotes what was sent. */
    public static final class NotTheEvent extends Exception {
        private static final long serialVersionUID = 1;
        private final String reason;

        NotTheEvent(String reason, String detail) {
            super(detail);
            this.reason = reason;
        }

        /** {@code undecodable} or {@code invalid}. */
        public String reason() {
            return reason;
        }
    }

    /** Keywords that a value of the right type can break; everything else is no such event at all. */
    private static final Set<String> CONSTRAINTS =
            Set.of("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern");

    private static final ObjectMapper JSON = new ObjectMapper()
            .registerModule(new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    public static final Contract<OrderPlaced> ORDER_PLACED = new Contract<>(
            "shop.orders.OrderPlaced",
            OrderPlaced.class,
            order -> "orders.%d.%s.%s.placed".formatted(
                    partition(order.getCustomerId().toString(), 4), order.getRegion(), order.getOrderId()),
            "ORDERS",
            OrderPlaced::getOrderId);

    public static final Contract<PaymentCreated> PAYMENT_CREATED = new Contract<>(
            "billing.PaymentCreated",
            PaymentCreated.class,
            payment -> "payment:created",
            "BILLING",
            PaymentCreated::getPaymentId);

    public static final Contract<UserScheduleCreated> SCHEDULE_CREATED = new Contract<>(
            "scheduling.UserScheduleCreated",
            UserScheduleCreated.class,
            schedule -> "userschedule:created",
            "SCHEDULING",
            UserScheduleCreated::getScheduleId);

    public static final Contract<ProfileViewed> PROFILE_VIEWED = new Contract<>(
            "profiles.ProfileViewed",
            ProfileViewed.class,
            view -> "profile.%s.viewed".formatted(view.getUserId()),
            null,
            null);

    private Contract(String name, Class<E> type, Function<E, String> subject, String stream, Function<E, Object> id) {
        this(name, type, subject, stream, id, load(name));
    }

    /** What the stream recognises a second copy by. */
    public String messageId(E event) {
        return name + ":" + id.apply(event);
    }

    /** Reads a body. Fields that the class does not know stay in its additional properties. */
    public E read(byte[] body) throws NotTheEvent {
        try {
            JsonNode tree = JSON.readTree(body);
            check(tree);
            return JSON.treeToValue(tree, type);
        } catch (IOException error) {
            throw new NotTheEvent("undecodable", "no JSON, or not this event's");
        }
    }

    /** Writes a body: wire names, and nothing for what is absent. */
    public byte[] write(E event) throws NotTheEvent {
        JsonNode tree = JSON.valueToTree(event);
        check(tree);
        try {
            return JSON.writeValueAsBytes(tree);
        } catch (JsonProcessingException error) {
            throw new IllegalStateException(error);
        }
    }

    /**
     * FNV-1a-32 of the key's text modulo the number of partitions: what every publisher of a keyed event computes.
     */
    public static int partition(String key, int partitions) {
        int hash = 0x811c9dc5;
        for (byte octet : key.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (octet & 0xff)) * 0x01000193;
        }
        return Integer.remainderUnsigned(hash, partitions);
    }

    private void check(JsonNode tree) throws NotTheEvent {
        Set<ValidationMessage> problems = schema.validate(tree);
        if (problems.isEmpty()) {
            return;
        }
        boolean invalid = problems.stream().allMatch(problem -> CONSTRAINTS.contains(problem.getType()));
        String detail = problems.stream()
                .map(problem -> "%s: %s %s".formatted(
                        problem.getInstanceLocation(),
                        problem.getType(),
                        Objects.requireNonNullElse(problem.getProperty(), "")))
                .collect(Collectors.joining("; "));
        throw new NotTheEvent(invalid ? "invalid" : "undecodable", detail);
    }

    private static JsonSchema load(String name) {
        try (InputStream file = Contract.class.getResourceAsStream("/schemas/" + name + ".json")) {
            return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7)
                    .getSchema(file, SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build());
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }
}
