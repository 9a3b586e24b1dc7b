/**
 * The events that this service publishes and handles: generated types, their schemas, and where the contracts send
 * them.
 *
 * `setup.sh` writes `schemas/` and `src/events/`; the table below says what a JSON Schema cannot.
 * `event-contracts export asyncapi --service notifier` lists the same subjects, streams and durables.
 */
import { readFileSync } from "node:fs";

import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import formats from "ajv-formats";

import type { PaymentCreated } from "./events/billing.PaymentCreated.js";
import type { SmsNotificationCreated } from "./events/notifications.SmsNotificationCreated.js";
import type { ProfileViewed } from "./events/profiles.ProfileViewed.js";
import type { UserInfoAvailed } from "./events/profiles.UserInfoAvailed.js";
import type { UserScheduleCreated } from "./events/scheduling.UserScheduleCreated.js";
import type { OrderPlaced } from "./events/shop.orders.OrderPlaced.js";

const ajv = new Ajv({ strict: true, allErrors: true });
formats.default(ajv);

/** Keywords that a value of the right type can break; everything else is no such event at all. */
const CONSTRAINTS = new Set([
  "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern",
]);

/** A body that is not the event that its subject promises. Never quotes what was sent. */
export class NotTheEvent extends Error {
  constructor(readonly cause: "undecodable" | "invalid", detail: string) {
    super(detail);
  }
}

interface Place<E> {
  subject: (event: E) => string;
  /** Without a stream the event is ephemeral. */
  stream?: string;
  id?: (event: E) => string;
}

/** One event of the contracts. */
export class Contract<E extends object> {
  readonly #validate: ValidateFunction<E>;

  constructor(readonly name: string, readonly place: Place<E>) {
    const schema = new URL(`../schemas/${name}.json`, import.meta.url);
    this.#validate = ajv.compile<E>(JSON.parse(readFileSync(schema, "utf8")));
  }

  /** What the stream recognises a second copy by. */
  messageId(event: E): string {
    if (!this.place.id) throw new Error(`${this.name} has no id`);
    return `${this.name}:${this.place.id(event)}`;
  }

  /** Reads a body. Fields that this service does not know stay in it. */
  read(body: string): E {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      throw new NotTheEvent("undecodable", "no JSON");
    }
    return this.check(value);
  }

  /** Writes a body; what is `undefined` is left out. */
  write(event: E): string {
    return JSON.stringify(this.check(event));
  }

  private check(value: unknown): E {
    if (this.#validate(value)) return value;
    const errors: ErrorObject[] = this.#validate.errors ?? [];
    const invalid = errors.every((error) => CONSTRAINTS.has(error.keyword));
    throw new NotTheEvent(
      invalid ? "invalid" : "undecodable",
      errors.map((error) => `${error.instancePath || "body"} ${error.message}`).join("; "),
    );
  }
}

/** FNV-1a-32 of the key's text modulo the number of partitions: what every publisher of a keyed event computes. */
export function partition(key: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash % partitions;
}

export const USER_INFO_AVAILED = new Contract<UserInfoAvailed>("profiles.UserInfoAvailed", {
  subject: () => "user:availed",
  stream: "SCHEDULING",
  id: (event) => event.scheduleId,
});
export const PAYMENT_CREATED = new Contract<PaymentCreated>("billing.PaymentCreated", {
  subject: () => "payment:created",
  stream: "BILLING",
  id: (event) => event.paymentId,
});
export const SMS_CREATED = new Contract<SmsNotificationCreated>("notifications.SmsNotificationCreated", {
  subject: () => "smsnotification:created",
  stream: "NOTIFICATIONS",
  id: (event) => event.notificationId,
});
export const PROFILE_VIEWED = new Contract<ProfileViewed>("profiles.ProfileViewed", {
  subject: (event) => `profile.${event.userId}.viewed`,
});
export const SCHEDULE_CREATED = new Contract<UserScheduleCreated>("scheduling.UserScheduleCreated", {
  subject: () => "userschedule:created",
  stream: "SCHEDULING",
  id: (event) => event.scheduleId,
});
export const ORDER_PLACED = new Contract<OrderPlaced>("shop.orders.OrderPlaced", {
  subject: (event) =>
    `orders.${partition(event.customerId, 4)}.${event.region}.${event.orderId}.placed`,
  stream: "ORDERS",
  id: (event) => event.orderId,
});
