// As code that a later version of event-codegen and event-derive has written.
event_runtime::generated_format!(2);

pub struct Placed;
event_runtime::__event_functions! { 2 something_new Placed [] }

fn main() {}
