//! The gateway: the end of the chain. Hands text messages to the telephone network, and listens to an ephemeral event.

event_runtime::include_contracts!();

use std::time::Duration;

use contracts::notifications::SmsNotificationCreated;
use contracts::profiles::ProfileViewed;
use contracts::services::gateway;
use event_runtime::{Bus, Config, Delivery, Failure, Shutdown};
use tally::Tally;

struct Gateway {
    tally: Tally,
}

impl gateway::Handlers for Gateway {
    async fn sms_notification_created(
        &self,
        delivery: Delivery<SmsNotificationCreated>,
    ) -> Result<(), Failure> {
        self.tally
            .handled(&delivery, &delivery.event.notification_id);
        Ok(())
    }

    async fn profile_viewed(&self, delivery: Delivery<ProfileViewed>) -> Result<(), Failure> {
        self.tally.handled(
            &delivery,
            format!("{}@{}", delivery.event.user_id, delivery.event.viewed_at),
        );
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = Bus::connect(Config::from_env()?).await?;
    let tally = Tally::default();
    let service = Gateway {
        tally: tally.clone(),
    };
    let listened = gateway::listen(&bus, service, Shutdown::on_signals()).await?;
    let closed = bus.close(Duration::from_secs(10)).await;
    tally.report("gateway", Some(&listened), &closed);
    Ok(())
}
