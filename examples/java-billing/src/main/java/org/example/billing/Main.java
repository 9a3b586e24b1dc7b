package org.example.billing;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.example.events.OrderPlaced;

/** Listens until SIGTERM or SIGINT, and says at the end what became of the deliveries. */
public final class Main {
    private static final int PARTITIONS = 4;

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        CountDownLatch stop = new CountDownLatch(1);
        AtomicBoolean clean = new AtomicBoolean();
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.countDown();
            try {
                main.join(30_000);
            } catch (InterruptedException interrupted) {
                return;
            }
            // A stop that was asked for is no failure; by itself the JVM would end with 143.
            Runtime.getRuntime().halt(clean.get() ? 0 : 1);
        }));

        Map<String, Object> report;
        try (Bus bus = new Bus("java-billing")) {
            Billing billing = new Billing(bus);
            Listener.Counts counts = new Listener.Counts();
            List<Listener<OrderPlaced>> listeners = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int partition = 0; partition < PARTITIONS; partition++) {
                String durable = "billing-p" + partition;
                Listener<OrderPlaced> listener = new Listener<>(
                        bus, Contract.ORDER_PLACED, "billing", durable, billing::orderPlaced, counts);
                listeners.add(listener);
                threads.add(new Thread(listener, durable));
            }
            AtomicReference<Throwable> failure = new AtomicReference<>();
            for (Thread thread : threads) {
                // A partition without a listener is worse than a restart.
                thread.setUncaughtExceptionHandler((ended, error) -> {
                    failure.set(error);
                    stop.countDown();
                });
            }
            threads.forEach(Thread::start);
            stop.await();
            listeners.forEach(Listener::stop);
            for (Thread thread : threads) {
                thread.join();
            }
            if (failure.get() != null) {
                throw new IllegalStateException("a listener ended", failure.get());
            }
            report = Map.of(
                    "service", "java-billing",
                    "published", Map.of(Contract.PAYMENT_CREATED.name(), billing.published.get()),
                    "handled", Map.of(Contract.ORDER_PLACED.name(), billing.handled.size()),
                    "repeated", billing.repeated.get(),
                    "deadLettered", counts.deadLettered.get(),
                    "retried", counts.retried.get(),
                    "abandoned", 0,
                    "outOfOrder", billing.outOfOrder.get());
        }
        System.out.println(new ObjectMapper().writeValueAsString(report));
        clean.set(true);
    }
}
