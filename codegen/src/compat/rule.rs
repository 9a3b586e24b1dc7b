//! The rules: what each is called, how much it matters, and the function that finds it. Their ids are an interface.

use super::choice::{self, Choices};
use super::compare::Sort;
use super::declared;
use super::event::{self, EventPair};
use super::field::{self, FieldPair};
use super::fields;
use super::finding::{Category, Rule, Severity};
use super::leaf::{self, Leaves};
use super::objects::{Lack, Objects};
use super::raw::{Said, Sink};
use super::schema::{self, Schemas};
use super::server::{self, ServicePair, StreamPair};
use super::sides::Sides;
use super::subscription;
use crate::model::TypeDef;

impl Rule {
    /// The rule with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Rule> {
        RULES.iter().find(|rule| rule.id == id)
    }
}

/// The function of a rule, by what it looks at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    Folder(fn(&Sides<'_>, &mut Sink<'_>)),
    Event(fn(&EventPair<'_>, &mut Sink<'_>)),
    Type(fn(&Sides<'_>, (&TypeDef, &TypeDef), &mut Sink<'_>)),
    Object(fn(&Objects<'_>, &mut Sink<'_>)),
    Field(fn(&FieldPair<'_>, &mut Sink<'_>)),
    Leaf(fn(&Leaves<'_>, &mut Sink<'_>)),
    Choice(fn(&Choices<'_>, &mut Sink<'_>)),
    Import(fn(&Schemas<'_>, &mut Sink<'_>)),
    /// A difference of values at a place, and what is said of it.
    Value(Sort, Said),
    /// A field that must be there, and why it may be left out.
    Missing(Lack, Said),
    /// A difference of two enums or two unions.
    Listing(Sort, Said),
    /// Whatever changed in an imported schema.
    Schemas(Said),
    Stream(fn(&StreamPair<'_>, &mut Sink<'_>)),
    Service(fn(&ServicePair<'_>, &mut Sink<'_>)),
}

const fn said(
    message: &'static str,
    was: &'static str,
    is: &'static str,
    help: &'static str,
) -> Said {
    Said {
        message,
        was,
        is,
        help,
    }
}

macro_rules! rules {
    ($( $id:literal, [$($category:ident),*], $severity:ident, $summary:literal, [$($kind:ident($($of:expr),*)),*]; )*) => {
        /// Every rule, in the order of the table.
        pub const RULES: &[Rule] = &[$(Rule {
            id: $id,
            categories: &[$(Category::$category),*],
            severity: Severity::$severity,
            summary: $summary,
            page: include_str!(concat!("../../explain/rules/", $id, ".md")),
        },)*];

        /// The functions of each rule, in the same order.
        pub(super) const CHECKS: &[&[Check]] = &[$(&[$(Check::$kind($($of),*)),*],)*];
    };
}

rules! {
    "required-field-added", [Backward], Breaks, "A required field without a default is new.", [Missing(Lack::Field, said("the required field `{value}` is new", "messages of this version lack it", "a reader refuses a message without it", "make it optional (`{of}?`); or give it a `default`, which other languages do not apply"))];
    "defaulted-field-added", [Semantic], Warn, "A required field with a default is new.", [Object(fields::defaulted_added)];
    "optional-field-added", [], Info, "An optional field is new.", [Object(fields::optional_added)];
    "reserved-name-used", [Semantic], Breaks, "A new field or value bears a name that was reserved.", [Object(fields::reserved_used), Choice(choice::reserved_used)];
    "reserved-name-released", [Semantic], Warn, "A name is no longer reserved.", [Object(fields::reserved_released), Choice(choice::reserved_released)];
    "optional-field-removed", [Source], Breaks, "An optional field is gone.", [Object(fields::optional_removed)];
    "defaulted-field-removed", [Source], Breaks, "A field with a default is gone.", [Object(fields::defaulted_removed)];
    "required-field-removed", [Forward], Breaks, "A required field is gone.", [Missing(Lack::Field, said("the required field `{value}` is gone", "readers of this version refuse a message without it", "no longer here", "upgrade every consumer first; or make it optional, and remove it when nobody needs it{of}"))];
    "field-renamed", [Backward, Forward], Breaks, "One field is gone and one of the same type is new.", [Object(fields::renamed)];
    "optional-field-renamed", [Semantic], Breaks, "One optional field is gone and one of the same type is new.", [Object(fields::optional_renamed)];
    "aliased-field-renamed", [Forward], Breaks, "A field has a new name and keeps the old one as its alias.", [Object(fields::aliased_renamed)];
    "renamed-to-alias", [Backward], Breaks, "A field is called by what was its alias.", [Object(fields::renamed_to_alias)];
    "alias-removed", [Backward], Breaks, "A field no longer accepts an older name.", [Field(field::alias_removed)];
    "rust-name-changed", [Source], Breaks, "A field or a value has another name in Rust and the same one on the wire.", [Field(field::rust_name), Choice(choice::rust_names)];
    "field-became-required", [Backward], Breaks, "An optional field is required now.", [Missing(Lack::Optional, said("the optional field `{value}` is required now", "may be absent", "a reader refuses a message without it", "leave it optional until every writer sends it and no older message is left"))];
    "field-became-optional", [Forward], Breaks, "A required field is optional now.", [Missing(Lack::Optional, said("the required field `{value}` is optional now", "readers of this version refuse a message without it", "may be absent", "upgrade every consumer before a publisher leaves it out"))];
    "default-added", [Forward], Breaks, "A required field has a default now.", [Missing(Lack::Default, said("the required field `{value}` has a default now", "readers of this version refuse a message without it", "writers in other languages may leave it out: the schema no longer requires it", "upgrade every consumer first"))];
    "default-removed", [Backward], Breaks, "A field has no default any more.", [Missing(Lack::Default, said("the field `{value}` has no default any more", "writers in other languages may have left it out", "a reader refuses a message without it", "keep the default"))];
    "default-changed", [Semantic], Warn, "A default has another value.", [Field(field::default_changed)];
    "absent-value-changed", [Semantic], Warn, "A field that may be absent means something else when it is.", [Field(field::absent_value)];
    "range-narrowed", [Backward], Breaks, "A number's range no longer has all its old values.", [Value(Sort::Range, said("{value} is no longer accepted: the range was {was} and is {is}", "messages may contain any of these", "readers reject the rest", "keep the old range until no older message is left; or a new event that `supersedes` this one"))];
    "range-widened", [Forward], Breaks, "A number's range has new values.", [Value(Sort::Range, said("{value} is accepted now: the range was {was} and is {is}", "readers of this version refuse the rest", "writers may send any of these", "upgrade every consumer before a publisher sends such a value"))];
    "integer-to-float", [Forward], Breaks, "An integer may have a fraction now.", [Value(Sort::Fraction, said("the integer may have a fraction now", "readers of this version refuse a fraction", "writers may send one", "upgrade every consumer first"))];
    "float-to-integer", [Backward], Breaks, "A number may have no fraction any more.", [Value(Sort::Fraction, said("the number may have no fraction any more", "messages may have one", "a reader refuses it", "add an integer field beside this one; publishers send both until no consumer reads the old one"))];
    "number-text-changed", [Backward, Forward], Breaks, "A number is sent as text now, or the other way round.", [Value(Sort::NumberText, said("the number was sent as {was} and is sent as {is}", "was", "is", "add a field with the new encoding beside this one; publishers send both until no consumer reads the old one"))];
    "text-narrowed", [Backward], Breaks, "A text must spell something now.", [Value(Sort::Format, said("the text must be {a is} now", "any {was}", "a reader refuses anything else", "check the format in the service instead, until no older message is left"))];
    "text-widened", [Forward], Breaks, "A text that spelled something may be any now.", [Value(Sort::Format, said("the {was} may be any {is} now", "readers of this version refuse anything else", "any {is}", "upgrade every consumer before a publisher sends anything else"))];
    "json-to-type", [Backward], Breaks, "What could be anything has a type now.", [Value(Sort::Anything, said("anything was accepted, and only {is} is now", "{was}", "{is}", "add a typed field beside this one"))];
    "type-to-json", [Forward], Breaks, "What had a type can be anything now.", [Value(Sort::Anything, said("only {was} was accepted, and anything is now", "{was}", "{is}", "upgrade every consumer before a publisher sends anything else"))];
    "string-open-enum", [Source], Info, "A string is an open enum now, or the other way round.", [Leaf(leaf::string_open_enum)];
    "string-to-closed-enum", [Backward], Breaks, "A string is a closed enum now.", [Value(Sort::Unlisted, said("any text was accepted, and only the values of the closed {is} are now", "any text", "a reader refuses what it does not know", "leave the enum open (without `closed = true`): readers then keep values that they do not know"))];
    "closed-enum-to-string", [Forward], Breaks, "A closed enum is a string now.", [Value(Sort::Unlisted, said("only the values of the closed {was} were accepted, and any text is now", "readers of this version refuse what they do not know", "any text", "upgrade every consumer before a publisher sends another value"))];
    "type-changed", [Backward, Forward], Breaks, "A value has another type.", [Value(Sort::Type, said("the {was} is {a is} now", "was", "is", "add a field of the new type beside this one; or a new event that `supersedes` this one"))];
    "constraint-tightened", [Backward], Breaks, "A constraint accepts less.", [Value(Sort::Constraint, said("{value} may no longer be there: {is}", "messages may hold it", "a reader refuses it", "keep the old constraint until no older message is left"))];
    "constraint-loosened", [Forward], Breaks, "A constraint accepts more.", [Value(Sort::Constraint, said("{value} may be there now: before, {was}", "readers of this version refuse it", "writers may send it", "upgrade every consumer before a publisher sends such a value"))];
    "pattern-changed", [Backward, Forward], Breaks, "A text must match another pattern.", [Value(Sort::Pattern, said("the text must match {is} now, and had to match {was}", "was", "is", "add a field beside this one; or leave the pattern out and check in the service"))];
    "tag-changed", [Backward, Forward], Breaks, "A union is told apart by another field.", [Listing(Sort::Tag, said("the {of} is told apart by `{is}` now, and was by `{was}`", "was", "is", "keep the tag; or a new event that `supersedes` the old"))];
    "closed-value-added", [Forward], Breaks, "A closed enum or union has a new value.", [Listing(Sort::Listed, said("the closed {of} has the new value `{value}`", "closed: readers of this version refuse what they do not know", "new", "upgrade every consumer before a publisher sends it; an open one would spare you that"))];
    "closed-value-removed", [Backward], Breaks, "A closed enum or union has lost a value.", [Listing(Sort::Listed, said("the closed {of} has lost the value `{value}`", "messages may hold it", "closed: a reader refuses it", "keep it until no older message is left"))];
    "open-value-added", [Source], Info, "An open enum or union has a new value.", [Choice(choice::open_added)];
    "open-value-removed", [Semantic], Warn, "An open enum or union has lost a value.", [Choice(choice::open_removed)];
    "closed-to-open", [Forward], Breaks, "A closed enum or union is open now.", [Listing(Sort::Unlisted, said("the {of} is open now", "closed: readers of this version refuse what they do not know", "open: writers may send values that are not listed", "upgrade every consumer before a publisher sends a value that is not listed"))];
    "open-to-closed", [Backward], Breaks, "An open enum or union is closed now.", [Listing(Sort::Unlisted, said("the {of} is closed now", "open: messages may hold values that are not listed", "closed: a reader refuses them", "leave it open"))];
    "schema-narrowed", [Backward], Breaks, "An imported schema refuses what it accepted.", [Schemas(said("the imported schema refuses what it accepted{of}: {value}", "was", "is", "ask the owner of the schema to take it back; or import it under a new event that `supersedes` this one"))];
    "schema-widened", [Forward], Breaks, "An imported schema accepts what it refused.", [Schemas(said("the imported schema accepts what it refused{of}: before, {value}", "was", "is", "upgrade every consumer before a publisher uses it"))];
    "schema-undecided", [Backward, Forward], Breaks, "An imported schema changed in a way that is not understood.", [Import(schema::undecided)];
    "subject-changed", [Routing], Breaks, "An event has another subject.", [Event(event::subject)];
    "placeholder-renamed", [Source], Breaks, "A subject's placeholder has another name.", [Event(event::placeholder)];
    "stream-changed", [Routing], Breaks, "An event is stored in another stream.", [Event(event::stream)];
    "delivery-changed", [Routing], Breaks, "An event is stored now, or no longer.", [Event(event::delivery)];
    "partitions-changed", [Routing], Breaks, "A stream has another number of partitions.", [Stream(server::partitions)];
    "key-changed", [Semantic], Breaks, "Another field keeps an event's messages in order.", [Event(event::key)];
    "id-changed", [Semantic], Breaks, "Another field makes a re-publish the same event.", [Event(event::id)];
    "envelope-changed", [Routing], Breaks, "An event's metadata travels in another way.", [Event(event::envelope)];
    "supersedes-changed", [Routing], Breaks, "An event no longer takes over from another one.", [Event(event::supersedes)];
    "retention-changed", [Operations], Breaks, "A stream lets messages go for another reason.", [Stream(server::retention)];
    "stream-limit-reduced", [Operations], Warn, "A stream keeps less.", [Stream(server::limits)];
    "stream-setting-changed", [Operations], Warn, "A stream keeps messages in another way.", [Stream(server::settings)];
    "stream-subject-removed", [Routing], Breaks, "A stream no longer stores a subject that it declared.", [Folder(declared::removed)];
    "stream-removed", [Operations], Warn, "A stream is no longer declared.", [Folder(server::stream_removed)];
    "start-changed", [Operations], Warn, "A service begins elsewhere in the stream.", [Service(server::start)];
    "service-removed", [Operations], Warn, "A service is gone.", [Folder(server::service_removed)];
    "subscription-removed", [Operations], Warn, "A service no longer handles an event.", [Folder(subscription::removed)];
    "subscription-added", [Operations], Warn, "A service handles an event more.", [Folder(subscription::added)];
    "publisher-removed", [Routing], Breaks, "A service stops publishing an event that still has subscribers.", [Folder(server::publisher_removed)];
    "queue-group-changed", [Routing], Breaks, "A service has another queue group.", [Service(server::queue_group)];
    "event-removed", [Routing], Breaks, "An event is gone.", [Folder(event::removed)];
    "event-moved", [Source], Breaks, "An ephemeral event is declared in another file.", [Folder(event::moved)];
    "event-added", [], Info, "An event is new.", [Folder(event::added)];
    "sensitive-changed", [Semantic], Warn, "A field is printed now, or no longer.", [Field(field::sensitive)];
    "annotation-changed", [], Info, "Something for people changed: a text, an owner, an example, a version, an order.", [Event(event::annotations), Field(field::annotations), Type(choice::type_annotations), Choice(choice::reordered), Object(fields::reordered)];
    "type-renamed", [Source], Breaks, "A type has another name or is in another file.", [Type(choice::type_renamed)];
    "accepted-unused", [Operations], Warn, "An accepted break that nothing matches.", [];
    "accepted-expired", [Operations], Warn, "An accepted break whose time is over.", [];
}
