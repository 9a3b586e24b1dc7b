//! Types under their own identifiers: typify is given names that are unique in a folder, and here each becomes the path
//! from the module that names it. Knows tokens, and no schema.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proc_macro2::{Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;

use super::build::EVENTS;
use super::rust::{Code, cut};

/// Where types are.
pub(super) struct Paths<'a> {
    modules: &'a BTreeMap<u32, Vec<String>>,
    places: HashMap<String, Place>,
}

/// Where a type is named.
#[derive(Clone, Copy)]
struct From {
    /// The file of the module.
    home: u32,
    /// Whether it is a module below that one.
    below: bool,
}

struct Place {
    ident: String,
    /// The file of its module.
    home: u32,
    at: usize,
}

impl<'a> Paths<'a> {
    pub fn new(modules: &'a BTreeMap<u32, Vec<String>>) -> Self {
        Self {
            modules,
            places: HashMap::new(),
        }
    }

    /// Adds the type of number `at`.
    pub fn add(&mut self, name: &str, ident: &str, home: u32, at: usize) {
        let place = Place {
            ident: ident.to_owned(),
            home,
            at,
        };
        self.places.insert(name.to_owned(), place);
    }

    /// The number of a type.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.places.get(name).map(|place| place.at)
    }

    /// Items of the module of a file as text, with checks that are written already.
    pub fn code(&self, items: Vec<syn::Item>, checks: &str, home: u32) -> Result<Code, String> {
        let mut file: syn::File = syn::parse_str(checks).map_err(|error| error.to_string())?;
        let mut all = items;
        all.append(&mut file.items);
        let from = From { home, below: false };
        let mut uses = BTreeSet::new();
        file.items = all
            .into_iter()
            .map(|item| self.item(item, from, &mut uses))
            .collect::<Result<_, _>>()?;
        Ok(cut(prettyplease::unparse(&file), uses))
    }

    /// A type as the module of a file names it, or a module `below` that one, spelled as by hand.
    pub fn ty(&self, ty: &syn::Type, home: u32, below: bool) -> Result<String, String> {
        let from = From { home, below };
        let tokens = self.tokens(ty.to_token_stream(), from, &mut BTreeSet::new());
        let file = syn::parse2(quote::quote!(type T = #tokens;)).map_err(|e| e.to_string())?;
        let text = prettyplease::unparse(&file);
        let ty = text.trim().strip_prefix("type T = ").unwrap_or_default();
        let ty = ty.strip_suffix(';').unwrap_or(ty);
        Ok(ty.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn item(
        &self,
        mut item: syn::Item,
        from: From,
        uses: &mut BTreeSet<usize>,
    ) -> Result<syn::Item, String> {
        // A variant may be called like a type.
        if let syn::Item::Enum(item) = &mut item {
            if let Some(place) = self.places.get(&item.ident.to_string()) {
                item.ident = Ident::new(&place.ident, Span::call_site());
            }
            for field in item.variants.iter_mut().flat_map(|v| &mut v.fields) {
                let tokens = self.tokens(field.ty.to_token_stream(), from, uses);
                field.ty = syn::parse2(tokens).map_err(|error| error.to_string())?;
            }
            return Ok(syn::Item::Enum(item.clone()));
        }
        let tokens = self.tokens(item.into_token_stream(), from, uses);
        syn::parse2(tokens).map_err(|error| error.to_string())
    }

    /// The name of a type never stands behind `::`: what does is a variant, or from elsewhere.
    fn tokens(&self, tokens: TokenStream, from: From, uses: &mut BTreeSet<usize>) -> TokenStream {
        let mut out = TokenStream::new();
        let mut colons = 0;
        for token in tokens {
            let behind = colons >= 2;
            colons = match &token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons + 1,
                _ => 0,
            };
            match token {
                TokenTree::Group(group) => {
                    let inner = self.tokens(group.stream(), from, uses);
                    let mut group = Group::new(group.delimiter(), inner);
                    group.set_span(Span::call_site());
                    out.extend([TokenTree::Group(group)]);
                }
                TokenTree::Ident(ident) if !behind => match self.places.get(&ident.to_string()) {
                    Some(place) => {
                        uses.insert(place.at);
                        out.extend(self.path(place, from));
                    }
                    None => out.extend([TokenTree::Ident(ident)]),
                },
                other => out.extend([other]),
            }
        }
        out
    }

    /// The path of a type.
    fn path(&self, place: &Place, From { home, below }: From) -> TokenStream {
        let module = |of: u32| self.modules.get(&of).map_or(&[][..], Vec::as_slice);
        let (here, there) = (module(home), module(place.home));
        let mut out = TokenStream::new();
        let mut step = |name: &str| {
            let colons = [Spacing::Joint, Spacing::Alone].map(|spacing| Punct::new(':', spacing));
            out.extend([TokenTree::Ident(Ident::new(name, Span::call_site()))]);
            out.extend(colons.map(TokenTree::Punct));
        };
        if below {
            step("super");
        }
        // An event's module is in its domain, and has a name for the module of all schemas.
        if home >= EVENTS && place.home != home {
            step("schemas");
            there.iter().for_each(|name| step(name));
        } else if place.home != home {
            let both = here.iter().zip(there);
            let common = both.take_while(|(a, b)| a == b).count();
            if common == here.len() && !below {
                step("self");
            }
            here.iter().skip(common).for_each(|_| step("super"));
            there.iter().skip(common).for_each(|name| step(name));
        }
        out.extend([TokenTree::Ident(Ident::new(
            &place.ident,
            Span::call_site(),
        ))]);
        out
    }
}
