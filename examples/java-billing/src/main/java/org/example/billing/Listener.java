package org.example.billing;

import io.nats.client.ConsumeOptions;
import io.nats.client.ConsumerContext;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.PublishOptions;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsJetStreamMetaData;
import java.io.IOException;
import java.time.Duration;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on one durable consumer: reads, handles, acknowledges, tries again later, or buries in the dead letters. One
 * delivery at a time: a partition's durable has one in flight, over all replicas, and so keeps the order of its keys.
 */
public final class Listener<E> implements Runnable {
    /** Handles one event. */
    @FunctionalInterface
    public interface Handler<E> {
        void handle(E event) throws Exception;
    }

    /** What became of the deliveries, over all durables of the service. */
    public static final class Counts {
        final AtomicLong retried = new AtomicLong();
        final AtomicLong deadLettered = new AtomicLong();
    }

    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    // The retries of the contract.
    private static final int MAX_ATTEMPTS = 5;
    private static final Duration FIRST_DELAY = Duration.ofSeconds(1);
    private static final Duration MAX_DELAY = Duration.ofMinutes(5);

    /** As the server writes it, with no more digits than needed: part of the ids, the same in every replica. */
    private static final DateTimeFormatter TIME =
            new DateTimeFormatterBuilder().appendInstant(-1).toFormatter();

    private final Bus bus;
    private final Contract<E> contract;
    private final String service;
    private final String durable;
    private final Handler<E> handler;
    private final Counts counts;
    private final ConsumerContext consumer;
    private volatile boolean stopped;

    /** Service and durable are those of the contracts. */
    public Listener(
            Bus bus, Contract<E> contract, String service, String durable, Handler<E> handler, Counts counts)
            throws IOException, JetStreamApiException {
        this.bus = bus;
        this.contract = contract;
        this.service = service;
        this.durable = durable;
        this.handler = handler;
        this.counts = counts;
        // Reads the durable, never makes it: operators own streams and durables (`event-contracts streams apply`).
        consumer = bus.connection().getConsumerContext(contract.stream(), durable);
    }

    /** Handles deliveries until {@link #stop}; the one at work then is finished first. */
    @Override
    public void run() {
        try (IterableConsumer deliveries =
                consumer.iterate(ConsumeOptions.builder().batchSize(1).build())) {
            while (!stopped) {
                Message message = deliveries.nextMessage(Duration.ofMillis(250));
                if (message != null) {
                    process(message);
                }
            }
            deliveries.stop();
            // What the last request still brings goes to another replica.
            for (Message message; (message = deliveries.nextMessage(Duration.ofMillis(50))) != null; ) {
                message.nak();
            }
        } catch (Exception error) {
            throw new IllegalStateException(durable + " ended", error);
        }
    }

    public void stop() {
        stopped = true;
    }

    private void process(Message message) throws InterruptedException {
        try {
            decide(message);
        } catch (IOException | JetStreamApiException error) {
            // Nothing was settled: after the durable's ack_wait it is delivered again.
            LOG.error("{}: delivery was not settled", durable, error);
        }
    }

    private void decide(Message message) throws IOException, JetStreamApiException, InterruptedException {
        String id = messageId(message);
        if (id != null && !id.startsWith(contract.name() + ":")) {
            bury(message, "contradiction", "the message id names another event: " + id);
            return;
        }
        E event;
        try {
            event = contract.read(message.getData());
        } catch (Contract.NotTheEvent problem) {
            bury(message, problem.reason(), problem.getMessage());
            return;
        }
        long attempt = message.metaData().deliveredCount();
        try {
            handler.handle(event);
        } catch (InterruptedException interrupted) {
            message.nak();
            throw interrupted;
        } catch (Exception error) {
            LOG.warn("{}: attempt {} failed", durable, attempt, error);
            if (attempt >= MAX_ATTEMPTS) {
                bury(message, "attempts", String.valueOf(error.getMessage()));
            } else {
                message.nakWithDelay(delay(attempt));
                counts.retried.incrementAndGet();
            }
            return;
        }
        message.ack();
    }

    private static Duration delay(long attempt) {
        Duration full = FIRST_DELAY.multipliedBy(1L << (attempt - 1));
        long millis = Math.min(full.toMillis(), MAX_DELAY.toMillis());
        return Duration.ofMillis((long) (millis * ThreadLocalRandom.current().nextDouble(0.8, 1.2)));
    }

    /** Stored first, acknowledged then: a crash between the two buries it once more, and the id makes that one. */
    private void bury(Message message, String reason, String detail) throws IOException, JetStreamApiException {
        NatsJetStreamMetaData meta = message.metaData();
        String created = TIME.format(consumer.getCachedConsumerInfo().getCreationTime());
        String line = detail.replaceAll("\\s+", " ");
        Headers headers = new Headers()
                .put("Dead-Letter-Reason", reason)
                .put("Dead-Letter-Detail", line.substring(0, Math.min(line.length(), 512)))
                .put("Dead-Letter-Stream", meta.getStream())
                .put("Dead-Letter-Consumer", durable)
                .put("Dead-Letter-Sequence", String.valueOf(meta.streamSequence()))
                .put("Dead-Letter-Attempts", String.valueOf(meta.deliveredCount()))
                .put("Dead-Letter-Time", TIME.format(meta.timestamp()));
        String id = messageId(message);
        if (id != null) {
            headers.put("Dead-Letter-Msg-Id", id);
        }
        PublishOptions options = PublishOptions.builder()
                .messageId("dead:%s:%s:%s:%d".formatted(meta.getStream(), durable, created, meta.streamSequence()))
                .expectedStream("DEAD_LETTERS")
                .build();
        String subject = "dead_letters.%s.%s".formatted(service, message.getSubject());
        bus.jetStream().publish(subject, headers, message.getData(), options);
        message.ack();
        counts.deadLettered.incrementAndGet();
    }

    private static String messageId(Message message) {
        return message.hasHeaders() ? message.getHeaders().getFirst("Nats-Msg-Id") : null;
    }
}
