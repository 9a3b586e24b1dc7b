use event_runtime::{Event, Subject, SubjectError, Violations};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Placed {
    region: String,
}

impl Event for Placed {
    const NAME: &'static str = "shop.Placed";
    const SUBJECT: &'static str = "placed";
    const STREAM: Option<&'static str> = None;
    const PARTITIONS: Option<u32> = None;

    fn subject(&self) -> Result<Subject, SubjectError> {
        Ok(Subject::from_static("placed"))
    }

    fn validate(&self) -> Result<(), Violations> {
        Ok(())
    }
}

fn main() {}
