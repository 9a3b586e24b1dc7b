package org.example.billing;

import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PublishOptions;
import io.nats.client.api.PublishAck;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** The connection, and publishing on it. For many threads at once. */
public final class Bus implements AutoCloseable {
    private static final int ATTEMPTS = 4;

    private final Connection connection;
    private final JetStream jetStream;

    /** Connects to {@code NATS_URL}; the connection comes back by itself. */
    public Bus(String name) throws IOException, InterruptedException {
        String url = System.getenv().getOrDefault("NATS_URL", Options.DEFAULT_URL);
        connection = Nats.connect(
                Options.builder().server(url).connectionName(name).maxReconnects(-1).build());
        jetStream = connection.jetStream();
    }

    public Connection connection() {
        return connection;
    }

    public JetStream jetStream() {
        return jetStream;
    }

    /** Stores an event and returns the stream's receipt; its id makes a second try the same event. */
    public <E> PublishAck publish(Contract<E> contract, E event)
            throws Contract.NotTheEvent, IOException, JetStreamApiException, InterruptedException {
        byte[] body = contract.write(event);
        PublishOptions options = PublishOptions.builder()
                .messageId(contract.messageId(event))
                .expectedStream(contract.stream())
                .streamTimeout(Duration.ofSeconds(5))
                .build();
        for (int attempt = 1; ; attempt++) {
            try {
                return jetStream.publish(contract.subject().apply(event), body, options);
            } catch (IOException error) {
                // No answer, or nobody there: a leader is being elected, say.
                if (attempt == ATTEMPTS) {
                    throw error;
                }
                Thread.sleep(200L << attempt);
            }
        }
    }

    /** Sends an ephemeral event to whoever listens now. */
    public <E> void emit(Contract<E> contract, E event) throws Contract.NotTheEvent {
        connection.publish(contract.subject().apply(event), contract.write(event));
    }

    /** Sends what is under way and disconnects. */
    @Override
    public void close() throws InterruptedException, TimeoutException {
        connection.flush(Duration.ofSeconds(5));
        connection.close();
    }
}
