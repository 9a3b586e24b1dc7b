//! The contracts whose samples are judged, and the generated Rust that decodes their events.

use event_runtime::Event;
use event_tests::generated::{
    all_constraints, all_defaults, all_names, all_recursion, all_services, all_types, supersedes,
};
use serde_json::Value;

event_runtime::include_contracts!();

/// The Rust that tests/build.rs has written of a contracts folder.
macro_rules! generated {
    ($($name:ident),* $(,)?) => {$(
        #[allow(deprecated, dead_code, unused_imports, clippy::all)]
        mod $name {
            pub use event_runtime;
            include!(concat!(env!("OUT_DIR"), "/", stringify!($name), ".rs"));
        }
    )*};
}

generated!(
    alike,
    everything,
    imported,
    odd,
    order,
    same_name,
    schema_imported
);

/// Reads and checks a payload; what is written back, or why it was refused.
pub type Decoder = fn(&[u8]) -> Result<Value, String>;

fn decoder<E: Event>() -> (&'static str, Decoder) {
    (E::NAME, |bytes| {
        let event: E = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        event
            .validate()
            .map_err(|violations| violations.to_string())?;
        Ok(serde_json::to_value(&event).unwrap())
    })
}

/// A contracts folder.
pub struct Case {
    /// What it shows.
    pub name: &'static str,
    /// The folder, as seen from this package.
    pub contracts: &'static str,
    /// Of each event by its full name.
    pub decoders: Vec<(&'static str, Decoder)>,
}

/// Every one of them.
pub fn cases() -> Vec<Case> {
    let case = |name, contracts, decoders| Case {
        name,
        contracts,
        decoders,
    };
    vec![
        case(
            "the example organisation",
            "../contracts",
            vec![
                decoder::<contracts::billing::PaymentCreated>(),
                decoder::<contracts::notifications::SmsNotificationCreated>(),
                decoder::<contracts::profiles::ProfileViewed>(),
                decoder::<contracts::profiles::UserInfoAvailed>(),
                decoder::<contracts::scheduling::UserScheduleCreated>(),
                decoder::<contracts::shop::orders::OrderPlaced>(),
            ],
        ),
        case(
            "every shape of the language",
            "../codegen/tests/schema/everything/contracts",
            vec![decoder::<everything::all::Everything>()],
        ),
        case(
            "every type",
            "../codegen/tests/golden/types/contracts",
            vec![decoder::<all_types::types::Everything>()],
        ),
        case(
            "every constraint",
            "../codegen/tests/golden/constraints/contracts",
            vec![decoder::<all_constraints::constraints::Order>()],
        ),
        case(
            "defaults of every type",
            "../codegen/tests/golden/defaults/contracts",
            vec![decoder::<all_defaults::defaults::Defaulted>()],
        ),
        case(
            "types inside themselves",
            "../codegen/tests/golden/recursion/contracts",
            vec![decoder::<all_recursion::recursion::Grown>()],
        ),
        case(
            "names that could trip a generator",
            "../codegen/tests/golden/names/contracts",
            vec![decoder::<all_names::names::Event>()],
        ),
        case(
            "events without fields",
            "../codegen/tests/golden/services/contracts",
            vec![
                decoder::<all_services::a::Placed>(),
                decoder::<all_services::a::Moved>(),
                decoder::<all_services::a::Seen>(),
                decoder::<all_services::b::Placed>(),
            ],
        ),
        case(
            "an event and the one that it supersedes",
            "../codegen/tests/golden/supersedes/contracts",
            vec![
                decoder::<supersedes::shop::OrderPlaced>(),
                decoder::<supersedes::shop::OrderPlacedV2>(),
                decoder::<supersedes::shop::OrderPlacedV3>(),
            ],
        ),
        case(
            "the order that the dialect was measured with",
            "../codegen/tests/schema/order/contracts",
            vec![decoder::<order::shop::orders::OrderPlaced>()],
        ),
        case(
            "types of one name in two domains",
            "../codegen/tests/schema/same_name/contracts",
            vec![
                decoder::<same_name::billing::Paid>(),
                decoder::<same_name::shop::orders::Paid>(),
            ],
        ),
        case(
            "a schema of another team, with its definitions",
            "../codegen/tests/schema/imported/contracts",
            vec![
                decoder::<schema_imported::billing::Filed>(),
                decoder::<schema_imported::billing::InvoiceSent>(),
            ],
        ),
        case(
            "schemas of other teams, of every draft",
            "../codegen/tests/import",
            vec![
                decoder::<imported::imported::DocumentChanged>(),
                decoder::<imported::imported::OrderPlaced>(),
                decoder::<imported::imported::ShapeDrawn>(),
                decoder::<imported::imported::TreeGrown>(),
                decoder::<imported::imported::WalletFilled>(),
            ],
        ),
        case(
            "what trips generators of other languages",
            "export-tools/odd/contracts",
            vec![
                decoder::<odd::odd::Edges>(),
                decoder::<odd::odd::Empty>(),
                decoder::<odd::odd::Keyword>(),
                decoder::<odd::odd::Nested>(),
                decoder::<odd::odd::Signs>(),
            ],
        ),
        case(
            "names that differ by case and signs alone",
            "export-tools/alike/contracts",
            vec![decoder::<alike::alike::Alike>()],
        ),
    ]
}
