/** Listens on a durable consumer: reads, handles, acknowledges, tries again later, or buries in the dead letters. */
import type { ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";

import type { Bus } from "./bus.js";
import { type Contract, NotTheEvent } from "./contracts.js";

/** The retries of the contract. */
const MAX_ATTEMPTS = 5;
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 300_000;

export interface Counts {
  handled: number;
  retried: number;
  deadLettered: number;
}

export class Listener<E extends object> {
  readonly counts: Counts = { handled: 0, retried: 0, deadLettered: 0 };
  #messages?: ConsumerMessages;
  #stopped = false;
  #created = "";

  /** Service and durable are those of the contracts. */
  constructor(
    private readonly bus: Bus,
    private readonly contract: Contract<E>,
    private readonly service: string,
    private readonly durable: string,
    private readonly handler: (event: E) => Promise<void>,
    private readonly concurrency = 16,
  ) {}

  /** Handles deliveries until `stop`; what is at work then is finished first. */
  async run(): Promise<void> {
    // Reads the durable, never makes it: operators own streams and durables (`event-contracts streams apply`).
    const consumer = await this.bus.jetstream.consumers.get(this.contract.place.stream!, this.durable);
    this.#created = (await consumer.info(true)).created;
    this.#messages = await consumer.consume({ max_messages: this.concurrency });
    if (this.#stopped) this.#messages.stop();
    const working = new Set<Promise<void>>();
    for await (const message of this.#messages) {
      if (this.#stopped) {
        message.nak();
        continue;
      }
      if (working.size >= this.concurrency) await Promise.race(working);
      const work: Promise<void> = this.process(message).finally(() => working.delete(work));
      working.add(work);
    }
    await Promise.all(working);
  }

  stop(): void {
    this.#stopped = true;
    this.#messages?.stop();
  }

  private async process(message: JsMsg): Promise<void> {
    try {
      await this.decide(message);
    } catch (error) {
      // Nothing was settled (the connection went, say): after the durable's ack_wait it is delivered again.
      console.error(`${this.durable}: delivery was not settled:`, error);
    }
  }

  private async decide(message: JsMsg): Promise<void> {
    const id = message.headers?.get("Nats-Msg-Id");
    if (id && id.split(":", 1)[0] !== this.contract.name) {
      return this.bury(message, "contradiction", `the message id names another event: ${id}`);
    }
    let event: E;
    try {
      event = this.contract.read(message.string());
    } catch (error) {
      if (error instanceof NotTheEvent) return this.bury(message, error.cause, error.message);
      throw error;
    }
    const attempt = message.info.deliveryCount;
    try {
      await this.handler(event);
    } catch (error) {
      console.error(`${this.durable}: attempt ${attempt} failed:`, error);
      if (attempt >= MAX_ATTEMPTS) return this.bury(message, "attempts", String(error));
      const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
      message.nak(Math.round(delay * (0.8 + Math.random() * 0.4)));
      this.counts.retried++;
      return;
    }
    message.ack();
    this.counts.handled++;
  }

  /** Stored first, acknowledged then: a crash between the two buries it once more, and the id makes that one. */
  private async bury(message: JsMsg, cause: string, detail: string): Promise<void> {
    const { stream, streamSequence, deliveryCount } = message.info;
    const letter = headers();
    letter.set("Dead-Letter-Reason", cause);
    letter.set("Dead-Letter-Detail", detail.replace(/\s+/g, " ").slice(0, 512));
    letter.set("Dead-Letter-Stream", stream);
    letter.set("Dead-Letter-Consumer", this.durable);
    letter.set("Dead-Letter-Sequence", String(streamSequence));
    letter.set("Dead-Letter-Attempts", String(deliveryCount));
    letter.set("Dead-Letter-Time", message.timestamp);
    const id = message.headers?.get("Nats-Msg-Id");
    if (id) letter.set("Dead-Letter-Msg-Id", id);
    await this.bus.jetstream.publish(`dead_letters.${this.service}.${message.subject}`, message.data, {
      headers: letter,
      msgID: `dead:${stream}:${this.durable}:${this.#created}:${streamSequence}`,
      expect: { streamName: "DEAD_LETTERS" },
    });
    message.ack();
    this.counts.deadLettered++;
  }
}
