/**
 * This service's part of `examples/demo.sh --polyglot`. Not something to copy.
 *
 * Every language says something to every other one, as a newer publisher would: with a field and a value that nobody
 * knows yet. The report says who was heard.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import { DeliverPolicy } from "@nats-io/jetstream";

import { Bus } from "./bus.js";
import { ORDER_PLACED, partition, PROFILE_VIEWED, SCHEDULE_CREATED } from "./contracts.js";

/** Whom an event is from is in its user id. */
const user = (number: number) => `00000000-0000-0000-0000-${number.toString(16).padStart(12, "0")}`;
const LANGUAGES = new Map([
  [user(1001), "rust"],
  [user(1002), "python"],
  [user(1003), "javascript"],
  [user(1004), "java"],
]);
const ME = user(1003);
const TIMES = 5;
const NEWER = "carrier-pigeon";
const addedLater = { by: "javascript" };

const vectors: { key: string; partitions: number; partition: number }[] = JSON.parse(
  readFileSync(process.env.PARTITION_VECTORS!, "utf8"),
);
for (const vector of vectors) {
  const found = partition(vector.key, vector.partitions);
  if (found !== vector.partition) throw new Error(`${JSON.stringify(vector)}: computed ${found}`);
}

const bus = await Bus.connect("js-exchange");
const heard = { stored: {} as Record<string, number>, ephemeral: {} as Record<string, number> };
const hear = (kind: keyof typeof heard, userId: string) => {
  const language = LANGUAGES.get(userId);
  if (language) heard[kind][language] = (heard[kind][language] ?? 0) + 1;
};

const schedules = await bus.jetstream.consumers.get("SCHEDULING", {
  filter_subjects: "userschedule:created",
  deliver_policy: DeliverPolicy.New,
});
await schedules.consume({
  callback: (message) => {
    // The demo also sends bodies that are no schedules; the listeners bury them.
    let schedule;
    try {
      schedule = SCHEDULE_CREATED.read(message.string());
    } catch {
      return;
    }
    if (schedule.channels.includes(NEWER) && "addedLater" in schedule) hear("stored", schedule.userId);
  },
});
bus.connection.subscribe("profile.*.viewed", {
  callback: (_error, message) => {
    const view = PROFILE_VIEWED.read(message.string());
    if (view.viewedAt.startsWith("2001-") && "addedLater" in view) hear("ephemeral", view.userId);
  },
});
await bus.connection.flush();
// Everybody listens before anybody speaks.
for await (const cue of bus.connection.subscribe("polyglot.javascript")) {
  cue.respond();
  if (cue.string() === "go") break;
}

for (let number = 1; number <= TIMES; number++) {
  const seconds = String(number).padStart(2, "0");
  const schedule = {
    scheduleId: randomUUID(),
    userId: ME,
    startsAt: `2027-01-15T08:00:${seconds}Z`,
    channels: ["sms", NEWER],
    note: "From JavaScript",
    addedLater,
  };
  // The same one twice: stored once.
  const first = await bus.publish(SCHEDULE_CREATED, schedule);
  const second = await bus.publish(SCHEDULE_CREATED, schedule);
  if (first.duplicate || !second.duplicate) throw new Error("a message id was not recognised");

  bus.emit(PROFILE_VIEWED, { userId: ME, viewedAt: `2001-01-01T00:00:${seconds}Z`, addedLater });

  const price = { currency: "EUR", amountMinor: 1999 };
  await bus.publish(ORDER_PLACED, {
    orderId: randomUUID(),
    customerId: ME,
    region: "us",
    sequence: number,
    placedAt: "2027-01-15T08:00:00Z",
    lines: [{ sku: "SKU-JS", quantity: 1, price }],
    taxByRegion: { us: price },
    payment: { kind: "cash" },
    addedLater,
  });
}

const complete = () =>
  [heard.stored, heard.ephemeral].every((kind) => [...LANGUAGES.values()].every((language) => kind[language] === TIMES));
for (const deadline = Date.now() + 30_000; !complete(); ) {
  if (Date.now() > deadline) throw new Error(`heard only ${JSON.stringify(heard)}`);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await bus.connection.close();
console.log(
  JSON.stringify({
    service: "javascript",
    published: { [SCHEDULE_CREATED.name]: TIMES, [ORDER_PLACED.name]: TIMES },
    handled: {},
    repeated: 0,
    deadLettered: 0,
    retried: 0,
    abandoned: 0,
    outOfOrder: 0,
    heard,
  }),
);
