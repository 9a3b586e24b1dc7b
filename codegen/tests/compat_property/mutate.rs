//! Changes of a contract: at least one for each row of the table.

mod fields;
mod named;
mod places;
mod values;

use super::contract::{Contract, Field, Ty};
use super::random::Random;

/// One kind of change.
pub struct Mutation {
    pub name: &'static str,
    /// Changes the second contract, and prepares the first where there must be something to change. False when there was
    /// nothing.
    pub apply: fn(&mut Contract, &mut Contract, &mut Random) -> bool,
    /// Whether the change the other way round is one too.
    pub both_ways: bool,
}
macro_rules! mutations {
    ($($room:ident: { $($name:ident $both:literal,)* })*) => {
        pub const MUTATIONS: &[Mutation] =
            &[$($(Mutation { name: stringify!($name), apply: $room::$name, both_ways: $both },)*)*];
    };
}

mutations! {
    fields: {
        field_required true,
        field_optional true,
        field_defaulted true,
        field_renamed true,
        optional_renamed true,
        aliased true,
        alias_gone false,
        rust_renamed true,
        optionality true,
        default_or_not true,
        default_or_optional true,
        default_value true,
        reserved_used false,
        reserved_released false,
        removed_and_reserved false,
    }
    values: {
        scalar_changed true,
        scalar_changed_again true,
        type_changed true,
        wrapped true,
        range true,
        float_range true,
        length true,
        items true,
        pattern true,
    }
    named: {
        named_scalar true,
        enum_value true,
        enum_closed true,
        enum_or_string true,
        union_variant true,
        union_closed true,
        union_tag true,
    }
    places: {
        subject true,
        placeholder true,
        envelope true,
        stream_of true,
        delivery true,
        partitions true,
        key true,
        id true,
        supersedes true,
        retention true,
        limits true,
        settings true,
        stream_gone false,
        start true,
        service_gone false,
        unsubscribed true,
        unpublished false,
        group true,
        event_gone false,
        event_moved true,
        sensitive true,
        words true,
        order_of_things true,
        type_name true,
    }
}

/// A random field that fits, by list and position.
fn find(
    c: &mut Contract,
    random: &mut Random,
    fits: impl Fn(&Field) -> bool,
) -> Option<(usize, usize)> {
    let mut all = Vec::new();
    for (at, fields) in c.field_lists().iter().enumerate() {
        for (n, field) in fields.iter().enumerate() {
            // Keys and placeholders have rules of their own.
            if field.name != "order_id" && field.name != "region" && fits(field) {
                all.push((at, n));
            }
        }
    }
    if all.is_empty() {
        None
    } else {
        Some(*random.pick(&all))
    }
}

fn at(c: &mut Contract, place: (usize, usize)) -> &mut Field {
    let list = c.field_lists().into_iter().nth(place.0).unwrap();
    &mut list[place.1]
}

fn add(c: &mut Contract, random: &mut Random, field: Field) {
    let mut lists = c.field_lists();
    let n = random.below(lists.len());
    lists[n].push(field);
}

fn plain(name: &str, ty: &str) -> Field {
    Field::new(name, Ty::name(ty))
}

/// The same field in both contracts, in a list of a random kind.
fn both(
    old: &mut Contract,
    new: &mut Contract,
    random: &mut Random,
    before: Field,
    now: Field,
) -> bool {
    let n = random.below(old.field_lists().len());
    old.field_lists()[n].push(before);
    new.field_lists()[n].push(now);
    true
}
