//! The notifier: turns profiles and payments into text messages. Runs in several replicas, which share the work.

event_runtime::include_contracts!();

use std::time::Duration;

use contracts::billing::PaymentCreated;
use contracts::notifications::SmsNotificationCreated;
use contracts::profiles::{Contact, UserInfoAvailed};
use contracts::services::notifier;
use event_runtime::{Bus, Config, Delivery, Failure, Shutdown};
use tally::Tally;

struct Notifier {
    bus: Bus,
    tally: Tally,
}

impl Notifier {
    async fn notify(&self, sms: SmsNotificationCreated) -> Result<(), Failure> {
        let receipt = sms.publish(&self.bus).await?;
        if !receipt.duplicate {
            self.tally.published::<SmsNotificationCreated>(1);
        }
        Ok(())
    }
}

impl notifier::Handlers for Notifier {
    async fn user_info_availed(&self, delivery: Delivery<UserInfoAvailed>) -> Result<(), Failure> {
        let profile = &delivery.event;
        let to = match &profile.contact {
            Contact::Phone(phone) => Some(phone.number.clone()),
            // A kind of contact that this build does not know is no reason to fail: somebody else reaches the user.
            Contact::Mail(_) | Contact::Unknown(_) => None,
        };
        self.notify(SmsNotificationCreated {
            notification_id: format!("schedule:{}", profile.schedule_id),
            user_id: profile.user_id,
            to,
            text: format!("{}, you have a new appointment.", profile.display_name),
        })
        .await?;
        self.tally.handled(&delivery, profile.schedule_id);
        Ok(())
    }

    async fn payment_created(&self, delivery: Delivery<PaymentCreated>) -> Result<(), Failure> {
        let payment = &delivery.event;
        let amount = &payment.amount;
        self.notify(SmsNotificationCreated {
            notification_id: format!("payment:{}", payment.payment_id),
            user_id: payment.user_id,
            to: None,
            text: format!(
                "We received {}.{:02} {}.",
                amount.amount_minor / 100,
                amount.amount_minor % 100,
                amount.currency
            ),
        })
        .await?;
        self.tally.handled(&delivery, payment.payment_id);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = Bus::connect(Config::from_env()?).await?;
    let tally = Tally::default();
    let service = Notifier {
        bus: bus.clone(),
        tally: tally.clone(),
    };
    let listened = notifier::listen(&bus, service, Shutdown::on_signals()).await?;
    let closed = bus.close(Duration::from_secs(10)).await;
    tally.report("notifier", Some(&listened), &closed);
    Ok(())
}
