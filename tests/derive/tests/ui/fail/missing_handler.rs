//! A service that does not handle an event that it subscribes to does not compile.
use event_runtime::{Delivery, Failure};
#[allow(deprecated)]
mod contracts {
    pub use event_runtime;
    include!("../../../../../codegen/tests/golden/only_foobar/expected.rs");
}

use contracts::{scheduling, services::foobar};

struct Foobar;

impl foobar::Handlers for Foobar {
    async fn user_schedule_created(&self, _: Delivery<scheduling::UserScheduleCreated>) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
