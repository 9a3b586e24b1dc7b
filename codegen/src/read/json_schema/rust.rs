//! Definitions to Rust items, through typify (`typify`): its tokens are parted by type, given this crate's names and docs
//! (`polish`), and become text.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use syn::parse_quote;

use super::boxes::Boxes;
use super::build::{Built, Wrapper};
use super::cycles;
use super::paths::Paths;
use super::polish::{polish, runtime_paths, without_derives, wrapped};
use super::shape::{By, Def, Kind, Shape, Value};
use super::typify::{convert, guarded};
use super::{checks, required};

/// For each schema.
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// The longest line of a call that is not broken.
const LINE: usize = 100;
/// Marks an event's place for attributes.
pub(super) const ROOT: &str = "event_root";

/// Names that definitions must leave alone.
pub(super) const RESERVED: &[&str] = &[
    "ConversionError",
    "RuntimeUuid",
    "RuntimeTimestamp",
    "RuntimeDate",
    "RuntimeInt64",
    // What typify writes as they are: of an implementation of `TryFrom`, `FromStr` or `Deref`.
    "Error",
    "Err",
    "Target",
];

/// The items of one type as text, parted where attributes of it can stand.
#[derive(Debug, Default)]
pub(super) struct Code {
    pub before: String,
    pub after: String,
    /// The struct of its required members, for the module of those, and what makes the type of it.
    pub required: String,
    /// The types that it names: definitions by their number, and behind them wrappers.
    pub uses: BTreeSet<usize>,
}

/// The Rust items of all definitions, and behind them those of all wrappers. `modules` has the module of each file.
///
/// # Errors
/// What typify had to say, when it failed all the same.
pub(super) fn code(
    built: &Built,
    modules: &BTreeMap<u32, Vec<String>>,
) -> Result<Vec<Code>, String> {
    let types = Types {
        defs: built.defs.clone(),
        wrappers: built.wrappers.clone(),
        modules: modules.clone(),
        events: built
            .roots
            .iter()
            .filter(|root| root.event && root.wrapper.is_none())
            .map(|root| root.def)
            .collect(),
    };
    let schemas = u32::try_from(built.roots.len()).unwrap_or(u32::MAX);
    let limit = TIME_LIMIT.saturating_mul(schemas.max(1));
    guarded(limit, move || {
        let tokens = convert(&types.defs)?;
        types.finish(tokens)
    })
}

/// What is to be written.
struct Types {
    defs: Vec<Def>,
    wrappers: Vec<Wrapper>,
    modules: BTreeMap<u32, Vec<String>>,
    /// The definitions that are an event's own type.
    events: BTreeSet<usize>,
}

impl Types {
    /// Wire names, paths, docs and checks.
    fn finish(&self, tokens: TokenStream) -> Result<Vec<Code>, String> {
        let file: syn::File =
            syn::parse2(runtime_paths(tokens)).map_err(|error| error.to_string())?;
        let by_name: BTreeMap<&str, &Def> = self
            .defs
            .iter()
            .map(|def| (def.name.as_str(), def))
            .collect();
        let mut paths = Paths::new(&self.modules);
        for (at, def) in self.defs.iter().enumerate() {
            paths.add(&def.name, &def.ident, def.home, at);
        }
        for (at, wrapper) in self.wrappers.iter().enumerate() {
            let at = self.defs.len() + at;
            paths.add(&wrapper.name, &wrapper.ident, wrapper.home, at);
        }
        let checked = checks::checked(&self.defs);
        let is_checked = |at: usize| checked.get(at).copied().unwrap_or(false);
        let boxes = Boxes(cycles::boxed(&self.defs));
        let mut out = Vec::new();
        for (at, mut items) in self.parted(file.items, &mut paths).into_iter().enumerate() {
            let Some(def) = self.defs.get(at) else { break };
            if matches!(def.kind, Kind::Enum(_)) {
                items.retain(|item| matches!(item, syn::Item::Enum(_)));
            }
            boxes.apply(&def.name, &mut items);
            for item in &mut items {
                polish(item, &by_name, self.events.contains(&at))?;
            }
            let is_choice = matches!(def.kind, Kind::Union { by: By::Fit, .. });
            let choice = if is_choice {
                without_derives(&mut items, def);
                self.choice(&items, def, &checked, &paths)?
            } else {
                String::new()
            };
            let required = required::companion(&mut items, def, &paths)?;
            if self.events.contains(&at) {
                mark(&mut items, def);
            }
            let checks = checks::text(def, is_checked(at), &checked);
            let mut code = paths.code(items, &checks, def.home)?;
            code.after.push_str(&wire_calls(def));
            code.after.push_str(&choice);
            code.required = required;
            out.push(code);
        }
        for wrapper in &self.wrappers {
            let Some(inner) = self.defs.get(wrapper.inner) else {
                break;
            };
            let items = vec![wrapped(&wrapper.name, &wrapper.ident, inner)];
            let checks = checks::around(&wrapper.name, is_checked(wrapper.inner));
            let mut code = paths.code(items, &checks, wrapper.home)?;
            let call = format!("event_runtime::wire_struct!({});\n", wrapper.ident);
            code.after.push_str(&call);
            out.push(code);
        }
        Ok(out)
    }

    /// What reads and writes a union of objects that no tag tells apart, instead of serde's derives.
    fn choice(
        &self,
        items: &[syn::Item],
        def: &Def,
        checked: &[bool],
        paths: &Paths<'_>,
    ) -> Result<String, String> {
        let Kind::Union { variants, .. } = &def.kind else {
            return Ok(String::new());
        };
        let own = items.iter().find_map(|item| match item {
            syn::Item::Enum(item) if item.ident == def.name => Some(item),
            _ => None,
        });
        let Some(own) = own else {
            return Ok(String::new());
        };
        let mut text = format!("event_runtime::wire_choice!({} {{\n", def.ident);
        for variant in &own.variants {
            let known = variants.iter().find(|known| variant.ident == known.ident);
            let Some(Shape::Named(at)) = known.map(|known| &known.shape) else {
                continue;
            };
            let required: Vec<String> = match self.defs.get(*at).map(|def| &def.kind) {
                Some(Kind::Struct { fields, .. }) => fields
                    .iter()
                    .filter(|field| field.required)
                    .map(|field| Literal::string(&field.wire).to_string())
                    .collect(),
                _ => Vec::new(),
            };
            let Some(field) = variant.fields.iter().next() else {
                continue;
            };
            let ty = paths.ty(&field.ty, def.home, false)?;
            let check = match checked.get(*at) {
                Some(true) => "checked",
                _ => "unchecked",
            };
            let (ident, required) = (&variant.ident, required.join(", "));
            text.push_str(&format!("    {ident}({ty}) = {check} [{required}],\n"));
        }
        text.push_str("});\n");
        Ok(text)
    }

    /// The items of each definition: typify writes a type, and behind it what belongs to it.
    fn parted(&self, items: Vec<syn::Item>, paths: &mut Paths<'_>) -> Vec<Vec<syn::Item>> {
        let mut parts: Vec<Vec<syn::Item>> = self.defs.iter().map(|_| Vec::new()).collect();
        let mut at = 0;
        for item in items {
            let ident = match &item {
                syn::Item::Struct(item) => Some(item.ident.to_string()),
                syn::Item::Enum(item) => Some(item.ident.to_string()),
                // The error of what is read from a text, which the runtime has.
                syn::Item::Mod(_) => continue,
                _ => None,
            };
            if let Some(ident) = ident {
                match paths.find(&ident) {
                    Some(of) => at = of,
                    // What typify should make up of its own goes with what it stands behind.
                    None => {
                        let home = self.defs.get(at).map_or(0, |def| def.home);
                        paths.add(&ident, &ident, home, at);
                    }
                }
            }
            if let Some(part) = parts.get_mut(at) {
                part.push(item);
            }
        }
        parts
    }
}

/// The calls of the runtime's macros that stand behind a type.
fn wire_calls(def: &Def) -> String {
    let ident = &def.ident;
    match &def.kind {
        Kind::Struct { .. } => format!("event_runtime::wire_struct!({ident});\n"),
        Kind::Enum(values) => {
            let arm = |value: &Value| format!("{} = {}", value.ident, Literal::string(&value.wire));
            let arms: Vec<String> = values.iter().map(arm).collect();
            let open = format!("event_runtime::wire_enum!({ident}, closed {{");
            let line = format!("{open} {} }});\n", arms.join(", "));
            if line.len() <= LINE {
                return line;
            }
            format!("{open}\n    {},\n}});\n", arms.join(",\n    "))
        }
        Kind::Union {
            by: By::Tag(tag), ..
        } => {
            let tag = Literal::string(tag);
            format!("event_runtime::wire_struct!({ident}, tag = {tag});\n")
        }
        Kind::Union { .. } | Kind::Alias(_) => String::new(),
    }
}

/// Parts the text at the marker of an event's own type.
pub(super) fn cut(text: String, uses: BTreeSet<usize>) -> Code {
    let marker = format!("#[{ROOT}]\n");
    let mut places = text.match_indices(&marker).map(|(at, _)| at);
    let at = places.find(|at| *at == 0 || text[..*at].ends_with('\n'));
    let (before, after) = match at {
        Some(at) => (text[..at].to_owned(), text[at + marker.len()..].to_owned()),
        None => (text, String::new()),
    };
    Code {
        before,
        after,
        required: String::new(),
        uses,
    }
}

fn mark(items: &mut [syn::Item], def: &Def) {
    for item in items {
        if let syn::Item::Struct(item) = item
            && item.ident == def.name
        {
            let marker = Ident::new(ROOT, Span::call_site());
            item.attrs.push(parse_quote!(#[#marker]));
        }
    }
}
