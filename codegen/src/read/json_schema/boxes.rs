//! Puts types of a circle into boxes, and takes away those that typify has put where it happened to meet a circle.

use std::collections::HashMap;

use syn::parse_quote;

/// What stands in a box in which type, by name.
pub(super) struct Boxes(pub HashMap<String, Vec<String>>);

impl Boxes {
    /// Changes the items of one type.
    pub fn apply(&self, name: &str, items: &mut [syn::Item]) {
        let held = self.0.get(name).map_or(&[][..], Vec::as_slice);
        for item in items {
            match item {
                syn::Item::Struct(item) => item.fields.iter_mut().for_each(|f| ty(&mut f.ty, held)),
                syn::Item::Enum(item) => {
                    let fields = item.variants.iter_mut().flat_map(|v| &mut v.fields);
                    fields.for_each(|field| ty(&mut field.ty, held));
                }
                syn::Item::Impl(item) => implementation(item, name, held),
                _ => {}
            }
        }
    }
}

/// A conversion from or into what a type holds: the same box is there.
fn implementation(item: &mut syn::ItemImpl, name: &str, held: &[String]) {
    if let Some((path, _)) = &mut item.trait_ {
        path_arguments(path, held);
    }
    // The type itself is in no box in its own implementations.
    let own = matches!(&*item.self_ty, syn::Type::Path(path) if path.path.is_ident(name));
    if !own {
        ty(&mut item.self_ty, held);
    }
    for item in &mut item.items {
        match item {
            syn::ImplItem::Type(item) => ty(&mut item.ty, held),
            syn::ImplItem::Fn(item) => {
                for input in &mut item.sig.inputs {
                    if let syn::FnArg::Typed(input) = input {
                        ty(&mut input.ty, held);
                    }
                }
                if let syn::ReturnType::Type(_, output) = &mut item.sig.output {
                    ty(output, held);
                }
            }
            _ => {}
        }
    }
}

fn ty(of: &mut syn::Type, held: &[String]) {
    match of {
        syn::Type::Reference(inner) => ty(&mut inner.elem, held),
        syn::Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(|item| ty(item, held)),
        syn::Type::Path(path) => {
            let named = path.path.get_ident().map(ToString::to_string);
            if named.is_some_and(|name| held.contains(&name)) {
                *of = parse_quote!(::std::boxed::Box<#of>);
                return;
            }
            let Some(last) = path.path.segments.last() else {
                return;
            };
            if last.ident == "Box" {
                if let Some(mut inner) = argument(last) {
                    ty(&mut inner, held);
                    *of = inner;
                }
            } else if last.ident == "Option" {
                path_arguments(&mut path.path, held);
            }
        }
        _ => {}
    }
}

fn argument(segment: &syn::PathSegment) -> Option<syn::Type> {
    match &segment.arguments {
        syn::PathArguments::AngleBracketed(list) => match list.args.first()? {
            syn::GenericArgument::Type(ty) => Some(ty.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn path_arguments(path: &mut syn::Path, held: &[String]) {
    let Some(last) = path.segments.last_mut() else {
        return;
    };
    if let syn::PathArguments::AngleBracketed(list) = &mut last.arguments {
        for argument in &mut list.args {
            if let syn::GenericArgument::Type(inner) = argument {
                ty(inner, held);
            }
        }
    }
}
