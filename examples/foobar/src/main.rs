//! foobar: a listener in a process of its own. Answers each `UserScheduleCreated` with `UserInfoAvailed`.

event_runtime::include_contracts!();

use std::time::Duration;

use contracts::profiles::{Contact, MailContact, PhoneContact, ProfileViewed, UserInfoAvailed};
use contracts::scheduling::UserScheduleCreated;
use contracts::services::foobar;
use event_runtime::{Bus, Config, Delivery, Failure, Shutdown, Uuid};
use tally::Tally;

struct Foobar {
    bus: Bus,
    tally: Tally,
}

impl foobar::Handlers for Foobar {
    async fn user_schedule_created(
        &self,
        delivery: Delivery<UserScheduleCreated>,
    ) -> Result<(), Failure> {
        let schedule = &delivery.event;
        // Now and then the profile comes a moment after the schedule: look again as the contract's retry says.
        if schedule.user_id.as_u128() == 50 && delivery.meta.attempt == 1 {
            return Err(Failure::retry("the profile is not there yet"));
        }
        let profile = UserInfoAvailed {
            // The id of what it answers: handled twice, it is still published once.
            schedule_id: schedule.schedule_id,
            user_id: schedule.user_id,
            display_name: format!("User {}", schedule.user_id.as_u128()),
            contact: contact_of(schedule.user_id),
        };
        let receipt = profile.publish(&self.bus).await?;
        if !receipt.duplicate {
            self.tally.published::<UserInfoAvailed>(1);
        }
        ProfileViewed {
            user_id: schedule.user_id,
            viewed_at: schedule.starts_at,
        }
        .emit(&self.bus)
        .await?;
        self.tally.handled(&delivery, schedule.schedule_id);
        Ok(())
    }
}

fn contact_of(user: Uuid) -> Contact {
    let number = user.as_u128();
    if number.is_multiple_of(2) {
        Contact::Phone(PhoneContact {
            number: format!("+4930{number:06}"),
        })
    } else {
        Contact::Mail(MailContact {
            address: format!("user{number}@example.org"),
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = Bus::connect(Config::from_env()?).await?;
    let tally = Tally::default();
    let service = Foobar {
        bus: bus.clone(),
        tally: tally.clone(),
    };
    let listened = foobar::listen(&bus, service, Shutdown::on_signals()).await?;
    let closed = bus.close(Duration::from_secs(10)).await;
    tally.report("foobar", Some(&listened), &closed);
    Ok(())
}
