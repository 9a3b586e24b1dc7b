//! The scheduler: publishes `UserScheduleCreated`, as many as its argument says, with many on their way
//! to the stream at once.

event_runtime::include_contracts!();

use std::time::Duration;

use contracts::scheduling::{Channel, UserScheduleCreated};
use event_runtime::{Bus, Config, Timestamp, Uuid};
use tally::Tally;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: u32 = std::env::args().nth(1).map_or(Ok(10), |n| n.parse())?;
    let bus = Bus::connect(Config::from_env()?).await?;
    let tally = Tally::default();

    let batch = bus.publish_all((0..count).map(schedule)).await;
    tally.published::<UserScheduleCreated>(batch.stored);
    for (number, error) in &batch.failed {
        eprintln!("scheduler: schedule {number}: {error}");
    }

    let closed = bus.close(Duration::from_secs(10)).await;
    tally.report("scheduler", None, &closed);
    Ok(())
}

fn schedule(number: u32) -> UserScheduleCreated {
    UserScheduleCreated {
        schedule_id: Uuid::now_v7(),
        user_id: Uuid::from_u128(u128::from(number % 100) + 1),
        starts_at: Timestamp::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + u64::from(number)),
        channels: vec![Channel::Sms, Channel::Push],
        note: number
            .is_multiple_of(3)
            .then(|| format!("Schedule number {number}")),
    }
}
