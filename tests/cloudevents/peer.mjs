// A peer in JavaScript with the official CloudEvents SDK: reads what Rust publishes, then publishes in every way that there is.
//
// The SDK has no binding for NATS. Its binding for HTTP differs in one header, where `datacontenttype` is `Content-Type`, and
// does not percent-encode.
import { jetstream } from "@nats-io/jetstream";
import { connect, headers as natsHeaders } from "@nats-io/transport-node";
import { CloudEvent, HTTP } from "cloudevents";

const TYPE = "shop.OrderPlaced";
const SUBJECT = "orders.placed";

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const encode = (value) => value.replace(/[^\x21-\x7e]|["%]/gu, encodeURIComponent);
const decode = (value) => decodeURIComponent(value.replace(/%(?![0-9a-f]{2})/gi, "%25"));

/** A message of either mode: the SDK finds out which. */
function toCloudEvent(message) {
  const headers = {};
  for (const [name, [value]] of message.headers ?? []) {
    headers[name] = name.toLowerCase().startsWith("ce-") ? decode(value) : value;
  }
  const event = HTTP.toEvent({ headers, body: message.string() });
  // Throws for anything that the specification does not allow, such as a source that is no URI reference.
  event.validate();
  return event;
}

/** Binary mode, as the NATS binding writes it. */
function toNats(event) {
  const { headers, body } = HTTP.binary(event);
  const { "content-type": media, ...rest } = headers;
  const encoded = Object.entries(rest).map(([name, value]) => [name, encode(value)]);
  return { headers: { ...Object.fromEntries(encoded), "ce-datacontenttype": media }, body };
}

const order = (orderId, id, source) =>
  new CloudEvent({
    id,
    source,
    type: TYPE,
    subject: "Zürich €",
    datacontenttype: "application/json",
    data: { orderId },
  });

const client = await connect({ servers: process.env.NATS_URL });
const messages = client.subscribe("orders.>", { max: Number(process.argv[2]) });
await client.flush();
say({ ready: true });
for await (const message of messages) {
  const { id, source, type, time, specversion, datacontenttype, data } = toCloudEvent(message);
  say({ read: { id, source, type, time, specversion, datacontenttype, data } });
}

const stream = jetstream(client);
for (const [way, write, id, source] of [
  ["binary", toNats, 'Zürich "50%" 1', "/b%C3%BCro/%C3%A9?a=1"],
  ["http", HTTP.binary, "Zürich 50%!", "urn:legacy:js"],
  ["structured", HTTP.structured, 'Zürich "50%" 2', "https://shop.example/b%C3%BCro"],
]) {
  const event = order(`js-${way}`, id, source);
  const message = write(event);
  const headers = natsHeaders();
  for (const [name, value] of Object.entries(message.headers)) {
    headers.set(name, value);
  }
  headers.set("Nats-Msg-Id", `${TYPE}:js-${way}`);
  await stream.publish(SUBJECT, message.body, { headers });
  say({ sent: { order: `js-${way}`, id, source, type: TYPE, time: event.time } });
}
await client.drain();
