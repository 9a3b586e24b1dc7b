/** Listens until SIGTERM or SIGINT, and says at the end what became of the deliveries. */
import { Bus } from "./bus.js";
import { PAYMENT_CREATED, SMS_CREATED, USER_INFO_AVAILED } from "./contracts.js";
import { Listener } from "./listener.js";
import { Notifier } from "./notifier.js";

const bus = await Bus.connect("js-notifier");
const notifier = new Notifier(bus);
// One durable per stream; both have the name of the queue group, which the Rust replicas pull from as well.
const listeners = [
  new Listener(bus, USER_INFO_AVAILED, "notifier", "notifier", (event) => notifier.userInfoAvailed(event)),
  new Listener(bus, PAYMENT_CREATED, "notifier", "notifier", (event) => notifier.paymentCreated(event)),
];
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => listeners.forEach((listener) => listener.stop()));
}
await Promise.all(listeners.map((listener) => listener.run()));
await bus.close();

const sum = (of: (counts: Listener<object>["counts"]) => number) =>
  listeners.reduce((total, listener) => total + of(listener.counts), 0);
console.log(
  JSON.stringify({
    service: "js",
    published: { [SMS_CREATED.name]: notifier.published },
    handled: {
      [USER_INFO_AVAILED.name]: notifier.schedules.size,
      [PAYMENT_CREATED.name]: notifier.payments.size,
    },
    repeated: notifier.repeated,
    deadLettered: sum((counts) => counts.deadLettered),
    retried: sum((counts) => counts.retried),
    abandoned: 0,
    outOfOrder: 0,
  }),
);
