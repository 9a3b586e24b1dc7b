// nats.js v3 and ajv, measured from inside its own process. Takes lines of work, answers each with a line of JSON that says how long
// it took, on the clock and of processors:
//
// - `publish CONCURRENCY COUNT`: events through `js.publish`, each with its deduplication id, each awaited;
// - `handle CONCURRENCY COUNT DURABLE`: decode, validate and acknowledge on a durable pull consumer, from the first event to the last.
//
// What makes it fast: `consume` with a callback (an iterator costs a promise a message), a buffer as deep as max_ack_pending, a
// schema that ajv compiles once, `m.json()`, and no validation before a publish.
import { createInterface } from "node:readline";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const ajv = addFormats.default(new Ajv.default());
const validate = ajv.compile({
  type: "object",
  required: ["orderId", "customerId", "at", "cents", "currency"],
  properties: {
    orderId: { type: "string", format: "uuid" },
    customerId: { type: "string", format: "uuid" },
    at: { type: "string", format: "date-time" },
    cents: { type: "integer", minimum: 0, maximum: 9007199254740991 },
    currency: { type: "string", maxLength: 3 },
    note: { type: "string", maxLength: 500 },
  },
});

const numbered = (number) => ({
  orderId: `01942f6a-bc5d-7d30-0000-${number.toString(16).padStart(12, "0")}`,
  customerId: "01942f6a-bc5d-7d30-8f3f-5aee91c37d02",
  at: "1970-01-01T00:00:00Z",
  cents: 12990,
  currency: "EUR",
  note: "Ring twice",
});

// What has gone by since, in seconds.
function since(start) {
  const { user, system } = process.cpuUsage(start.processor);
  return { seconds: (performance.now() - start.clock) / 1000, processor: (user + system) / 1e6 };
}

const now = () => ({ clock: performance.now(), processor: process.cpuUsage() });

async function publish(nc, concurrency, count) {
  const js = jetstream(nc);
  let next = 0;
  const some = async () => {
    while (next < count) {
      const event = numbered(next++);
      await js.publish("bench.order", JSON.stringify(event), { msgID: event.orderId });
    }
  };
  const started = now();
  await Promise.all(Array.from({ length: concurrency }, some));
  return since(started);
}

async function handle(nc, _concurrency, count, durable) {
  const manager = await jetstreamManager(nc);
  await manager.consumers.add("BENCH", {
    durable_name: durable,
    filter_subject: "bench.order",
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: 1024,
  });
  const consumer = await jetstream(nc).consumers.get("BENCH", durable);
  let seen = 0;
  let started;
  let messages;
  const took = await new Promise((resolve, reject) => {
    const callback = (message) => {
      if (seen === 0) started = now();
      if (!validate(message.json())) return reject(new Error(JSON.stringify(validate.errors)));
      message.ack();
      seen += 1;
      if (seen === count) resolve(since(started));
    };
    consumer.consume({ callback, max_messages: 1024 }).then((started) => (messages = started), reject);
  });
  await nc.flush();
  messages.stop();
  return took;
}

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const [work, concurrency, count, durable] = line.split(" ");
  const nc = await connect({ servers: process.argv[2] });
  const took = await { publish, handle }[work](nc, Number(concurrency), Number(count), durable);
  await nc.close();
  console.log(JSON.stringify({ events: Number(count), ...took }));
}
