/** The service `notifier`: turns profiles and payments into text messages. */
import type { Bus } from "./bus.js";
import { SMS_CREATED } from "./contracts.js";
import type { PaymentCreated } from "./events/billing.PaymentCreated.js";
import type { SmsNotificationCreated } from "./events/notifications.SmsNotificationCreated.js";
import type { Contact, PhoneContact, UserInfoAvailed } from "./events/profiles.UserInfoAvailed.js";

export class Notifier {
  /** Messages stored, without those that were there already. */
  published = 0;
  repeated = 0;
  readonly schedules = new Set<string>();
  readonly payments = new Set<string>();

  constructor(private readonly bus: Bus) {}

  async userInfoAvailed(profile: UserInfoAvailed): Promise<void> {
    await this.notify({
      notificationId: `schedule:${profile.scheduleId}`,
      userId: profile.userId,
      to: isPhone(profile.contact) ? profile.contact.number : undefined,
      text: `${profile.displayName}, you have a new appointment.`,
    });
    this.repeated += Number(this.schedules.has(profile.scheduleId));
    this.schedules.add(profile.scheduleId);
  }

  async paymentCreated(payment: PaymentCreated): Promise<void> {
    const { amountMinor, currency } = payment.amount;
    const cents = String(amountMinor % 100).padStart(2, "0");
    await this.notify({
      notificationId: `payment:${payment.paymentId}`,
      userId: payment.userId,
      text: `We received ${Math.floor(amountMinor / 100)}.${cents} ${currency}.`,
    });
    this.repeated += Number(this.payments.has(payment.paymentId));
    this.payments.add(payment.paymentId);
  }

  /** The id is made from what it answers: handled twice, it is still published once. */
  private async notify(sms: SmsNotificationCreated): Promise<void> {
    const receipt = await this.bus.publish(SMS_CREATED, sms);
    if (!receipt.duplicate) this.published++;
  }
}

/** A kind of contact that this build does not know is no reason to fail: somebody else reaches the user. */
function isPhone(contact: Contact): contact is PhoneContact {
  return contact.kind === "phone";
}
