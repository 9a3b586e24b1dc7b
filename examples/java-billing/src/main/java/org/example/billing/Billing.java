package org.example.billing;

import io.nats.client.api.PublishAck;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.example.events.Money;
import org.example.events.OrderPlaced;
import org.example.events.PaymentCreated;

/** The service {@code billing}: takes the payment of each order. */
final class Billing {
    /** Payments stored, without those that were there already. */
    final AtomicLong published = new AtomicLong();

    final Set<UUID> handled = ConcurrentHashMap.newKeySet();
    final AtomicLong repeated = new AtomicLong();
    final AtomicLong outOfOrder = new AtomicLong();
    private final Map<UUID, Long> newest = new HashMap<>();
    private final Bus bus;

    Billing(Bus bus) {
        this.bus = bus;
    }

    void orderPlaced(OrderPlaced order) throws Exception {
        noteOrder(order.getCustomerId(), order.getSequence());
        long total = order.getLines().stream()
                .mapToLong(line -> line.getPrice().getAmountMinor() * line.getQuantity())
                .sum();
        PaymentCreated payment = new PaymentCreated()
                // Derived from the order: a redelivered order is not charged twice.
                .withPaymentId(order.getOrderId())
                .withUserId(order.getCustomerId())
                .withAmount(new Money().withCurrency("EUR").withAmountMinor(total))
                .withPaidAt(order.getPlacedAt())
                .withOrderId(order.getOrderId());
        PublishAck receipt = bus.publish(Contract.PAYMENT_CREATED, payment);
        if (!receipt.isDuplicate()) {
            published.incrementAndGet();
        }
        if (!handled.add(order.getOrderId())) {
            repeated.incrementAndGet();
        }
    }

    /** The contract promises one customer's orders in order, however many replicas there are. */
    private synchronized void noteOrder(UUID customer, long sequence) {
        if (newest.getOrDefault(customer, 0L) > sequence) {
            outOfOrder.incrementAndGet();
        } else {
            newest.put(customer, sequence);
        }
    }
}
