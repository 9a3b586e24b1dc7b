package org.example.billing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Subscription;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.OrderedConsumerConfiguration;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.example.events.Money;
import org.example.events.OrderLine;
import org.example.events.OrderPlaced;
import org.example.events.ProfileViewed;
import org.example.events.TaxByRegion;
import org.example.events.UserScheduleCreated;

/**
 * This service's part of {@code examples/demo.sh --polyglot}. Not something to copy.
 *
 * <p>Every language says something to every other one, as a newer publisher would: with a field and a value that nobody
 * knows yet. The report says who was heard.
 */
public final class Exchange {
    /** Whom an event is from is in its user id. */
    private static final Map<UUID, String> LANGUAGES = Map.of(
            new UUID(0, 1001), "rust",
            new UUID(0, 1002), "python",
            new UUID(0, 1003), "javascript",
            new UUID(0, 1004), "java");

    private static final UUID ME = new UUID(0, 1004);
    private static final int TIMES = 5;
    private static final String NEWER = "carrier-pigeon";
    private static final Map<String, String> ADDED = Map.of("by", "java");
    private static final Instant LONG_AGO = Instant.parse("2001-01-01T00:00:00Z");

    private static final Map<String, Integer> STORED = new ConcurrentHashMap<>();
    private static final Map<String, Integer> EPHEMERAL = new ConcurrentHashMap<>();

    private Exchange() {}

    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        for (JsonNode vector : json.readTree(new File(System.getenv("PARTITION_VECTORS")))) {
            int found = Contract.partition(
                    vector.get("key").asText(), vector.get("partitions").asInt());
            if (found != vector.get("partition").asInt()) {
                throw new IllegalStateException(vector + ": computed " + found);
            }
        }
        try (Bus bus = new Bus("java-exchange")) {
            bus.connection()
                    .getStreamContext("SCHEDULING")
                    .createOrderedConsumer(new OrderedConsumerConfiguration()
                            .filterSubject("userschedule:created")
                            .deliverPolicy(DeliverPolicy.New))
                    .consume(message -> hearSchedule(message.getData()));
            bus.connection()
                    .createDispatcher(message -> hearView(message.getData()))
                    .subscribe("profile.*.viewed");
            bus.connection().flush(Duration.ofSeconds(5));
            awaitCue(bus.connection());
            for (int number = 1; number <= TIMES; number++) {
                speak(bus, number);
            }
            Instant deadline = Instant.now().plusSeconds(30);
            while (!complete(STORED) || !complete(EPHEMERAL)) {
                if (Instant.now().isAfter(deadline)) {
                    throw new IllegalStateException("heard only stored " + STORED + ", ephemeral " + EPHEMERAL);
                }
                Thread.sleep(50);
            }
        }
        System.out.println(json.writeValueAsString(Map.of(
                "service", "java",
                "published", Map.of(Contract.SCHEDULE_CREATED.name(), TIMES, Contract.ORDER_PLACED.name(), TIMES),
                "handled", Map.of(),
                "repeated", 0,
                "deadLettered", 0,
                "retried", 0,
                "abandoned", 0,
                "outOfOrder", 0,
                "heard", Map.of("stored", STORED, "ephemeral", EPHEMERAL))));
        // The client's threads must not keep the process.
        System.exit(0);
    }

    /** Everybody listens before anybody speaks. */
    private static void awaitCue(Connection connection) throws InterruptedException {
        Subscription cues = connection.subscribe("polyglot.java");
        for (String cue = ""; !cue.equals("go"); ) {
            Message message = cues.nextMessage(Duration.ofSeconds(120));
            if (message == null) {
                throw new IllegalStateException("the demo did not start");
            }
            connection.publish(message.getReplyTo(), new byte[0]);
            cue = new String(message.getData(), StandardCharsets.UTF_8);
        }
    }

    private static void hearSchedule(byte[] body) {
        try {
            UserScheduleCreated schedule = Contract.SCHEDULE_CREATED.read(body);
            String language = LANGUAGES.get(schedule.getUserId());
            if (language != null
                    && schedule.getChannels().contains(NEWER)
                    && schedule.getAdditionalProperties().containsKey("addedLater")) {
                STORED.merge(language, 1, Integer::sum);
            }
        } catch (Contract.NotTheEvent problem) {
            // The demo also sends bodies that are no schedules; the listeners bury them.
        }
    }

    private static void hearView(byte[] body) {
        try {
            ProfileViewed view = Contract.PROFILE_VIEWED.read(body);
            String language = LANGUAGES.get(view.getUserId());
            boolean exchanged = view.getViewedAt().isBefore(LONG_AGO.plusSeconds(60));
            if (language != null && exchanged && view.getAdditionalProperties().containsKey("addedLater")) {
                EPHEMERAL.merge(language, 1, Integer::sum);
            }
        } catch (Contract.NotTheEvent problem) {
            throw new IllegalStateException(problem);
        }
    }

    private static boolean complete(Map<String, Integer> heard) {
        return LANGUAGES.values().stream().allMatch(language -> heard.getOrDefault(language, 0) == TIMES);
    }

    private static void speak(Bus bus, int number) throws Exception {
        UserScheduleCreated schedule = new UserScheduleCreated()
                .withScheduleId(UUID.randomUUID())
                .withUserId(ME)
                .withStartsAt(Instant.parse("2027-01-15T08:00:00Z").plusSeconds(number))
                .withChannels(List.of("sms", NEWER))
                .withNote("From Java")
                .withAdditionalProperty("addedLater", ADDED);
        // The same one twice: stored once.
        boolean first = bus.publish(Contract.SCHEDULE_CREATED, schedule).isDuplicate();
        boolean second = bus.publish(Contract.SCHEDULE_CREATED, schedule).isDuplicate();
        if (first || !second) {
            throw new IllegalStateException("a message id was not recognised");
        }
        bus.emit(
                Contract.PROFILE_VIEWED,
                new ProfileViewed()
                        .withUserId(ME)
                        .withViewedAt(LONG_AGO.plusSeconds(number))
                        .withAdditionalProperty("addedLater", ADDED));
        Money price = new Money().withCurrency("EUR").withAmountMinor(1999L);
        bus.publish(
                Contract.ORDER_PLACED,
                new OrderPlaced()
                        .withOrderId(UUID.randomUUID())
                        .withCustomerId(ME)
                        .withRegion(OrderPlaced.Region.APAC)
                        .withSequence((long) number)
                        .withPlacedAt(Instant.parse("2027-01-15T08:00:00Z"))
                        .withLines(List.of(
                                new OrderLine().withSku("SKU-JAVA").withQuantity(1).withPrice(price)))
                        .withTaxByRegion(new TaxByRegion().withAdditionalProperty("apac", price))
                        .withPayment(Map.of("kind", "cash"))
                        .withAdditionalProperty("addedLater", ADDED));
    }
}
