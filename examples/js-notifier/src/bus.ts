/** The connection, and publishing on it. */
import { jetstream, type JetStreamClient, type PubAck } from "@nats-io/jetstream";
import { connect, type NatsConnection, NoRespondersError, TimeoutError } from "@nats-io/transport-node";

import type { Contract } from "./contracts.js";

const ATTEMPTS = 4;

export class Bus {
  private constructor(readonly connection: NatsConnection, readonly jetstream: JetStreamClient) {}

  /** Connects; the connection comes back by itself. */
  static async connect(name: string): Promise<Bus> {
    const servers = (process.env.NATS_URL ?? "nats://127.0.0.1:4222").split(",");
    const connection = await connect({ servers, name, maxReconnectAttempts: -1 });
    return new Bus(connection, jetstream(connection));
  }

  /** Stores an event and returns the stream's receipt; its id makes a second try the same event. */
  async publish<E extends object>(contract: Contract<E>, event: E): Promise<PubAck> {
    const { subject, stream } = contract.place;
    if (!stream) throw new Error(`${contract.name} is ephemeral`);
    const body = contract.write(event);
    const options = { msgID: contract.messageId(event), expect: { streamName: stream }, timeout: 5000 };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.jetstream.publish(subject(event), body, options);
      } catch (error) {
        const passing = error instanceof TimeoutError || error instanceof NoRespondersError;
        if (!passing || attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** attempt));
      }
    }
  }

  /** Sends an ephemeral event to whoever listens now. */
  emit<E extends object>(contract: Contract<E>, event: E): void {
    this.connection.publish(contract.place.subject(event), contract.write(event));
  }

  /** Sends what is under way and disconnects. */
  async close(): Promise<void> {
    await this.connection.drain();
  }
}
