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
        let mut uses = BTreeSet::new();
        file.items = all
            .into_iter()
            .map(|item| self.item(item, home, &mut uses))
            .collect::<Result<_, _>>()?;
        Ok(cut(prettyplease::unparse(&file), uses))
    }

    /// A type as the module of a file names it.
    pub fn ty(&self, ty: &syn::Type, home: u32) -> String {
        let tokens = self.tokens(ty.to_token_stream(), home, &mut BTreeSet::new());
        tokens.to_string()
    }

    /// A type as a module inside that of a file names it.
    pub fn inside(&self, ty: &syn::Type, home: u32) -> TokenStream {
        self.one_down(ty.to_token_stream(), home)
    }

    fn one_down(&self, tokens: TokenStream, home: u32) -> TokenStream {
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
                    let inner = self.one_down(group.stream(), home);
                    out.extend([TokenTree::Group(Group::new(group.delimiter(), inner))]);
                }
                TokenTree::Ident(ident) if !behind => match self.places.get(&ident.to_string()) {
                    Some(place) => {
                        out.extend(quote::quote!(super::));
                        out.extend(self.path(place, home, true));
                    }
                    None => out.extend([TokenTree::Ident(ident)]),
                },
                other => out.extend([other]),
            }
        }
        out
    }

    fn item(
        &self,
        mut item: syn::Item,
        home: u32,
        uses: &mut BTreeSet<usize>,
    ) -> Result<syn::Item, String> {
        // A variant may be called like a type.
        if let syn::Item::Enum(item) = &mut item {
            if let Some(place) = self.places.get(&item.ident.to_string()) {
                item.ident = Ident::new(&place.ident, Span::call_site());
            }
            for field in item.variants.iter_mut().flat_map(|v| &mut v.fields) {
                let tokens = self.tokens(field.ty.to_token_stream(), home, uses);
                field.ty = syn::parse2(tokens).map_err(|error| error.to_string())?;
            }
            return Ok(syn::Item::Enum(item.clone()));
        }
        let tokens = self.tokens(item.into_token_stream(), home, uses);
        syn::parse2(tokens).map_err(|error| error.to_string())
    }

    /// The name of a type never stands behind `::`: what does is a variant, or from elsewhere.
    fn tokens(&self, tokens: TokenStream, home: u32, uses: &mut BTreeSet<usize>) -> TokenStream {
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
                    let inner = self.tokens(group.stream(), home, uses);
                    let mut group = Group::new(group.delimiter(), inner);
                    group.set_span(Span::call_site());
                    out.extend([TokenTree::Group(group)]);
                }
                TokenTree::Ident(ident) if !behind => match self.places.get(&ident.to_string()) {
                    Some(place) => {
                        uses.insert(place.at);
                        out.extend(self.path(place, home, false));
                    }
                    None => out.extend([TokenTree::Ident(ident)]),
                },
                other => out.extend([other]),
            }
        }
        out
    }

    /// The path of a type, from the module of a file; `behind` another step of it.
    fn path(&self, place: &Place, home: u32, behind: bool) -> TokenStream {
        let module = |of: u32| self.modules.get(&of).map_or(&[][..], Vec::as_slice);
        let (here, there) = (module(home), module(place.home));
        let mut out = TokenStream::new();
        let mut step = |name: &str| {
            let colons = [Spacing::Joint, Spacing::Alone].map(|spacing| Punct::new(':', spacing));
            out.extend([TokenTree::Ident(Ident::new(name, Span::call_site()))]);
            out.extend(colons.map(TokenTree::Punct));
        };
        // An event's module is in its domain, and has a name for the module of all schemas.
        if home >= EVENTS && place.home != home {
            step("schemas");
            there.iter().for_each(|name| step(name));
        } else if place.home != home {
            let both = here.iter().zip(there);
            let common = both.take_while(|(a, b)| a == b).count();
            if common == here.len() && !behind {
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
