//! The rule that finds types without end. Works on the graph of "needs one inside", without recursion.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Contracts, Type, TypeId, TypeKind};
use crate::source::Span;

/// One type needs a value of another, at a place.
#[derive(Clone, Copy)]
struct Need {
    to: usize,
    place: Span,
}

/// `infinite-type`: a type that contains itself with no list, map or optional in between.
pub(super) fn infinite(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let needs: Vec<Vec<Need>> = (0..contracts.types.len())
        .map(|at| needs(contracts, TypeId(at)))
        .collect();
    for component in components(&needs) {
        if let Some(diagnostic) = circle(contracts, &needs, &component) {
            diagnostics.push(diagnostic);
        }
    }
}

/// The types that a value of this one cannot be without.
fn needs(contracts: &Contracts, id: TypeId) -> Vec<Need> {
    let need = |ty: &Type, place| match ty {
        Type::Named(TypeId(to)) => Some(Need { to: *to, place }),
        _ => None,
    };
    match &contracts[id].body.kind {
        TypeKind::Struct(fields) => fields
            .iter()
            .filter(|field| !field.optional)
            .filter_map(|field| need(&field.ty, field.ty.span))
            .collect(),
        TypeKind::Union(union) => union
            .variants
            .iter()
            .filter_map(|variant| {
                let TypeId(to) = variant.ty.value?;
                let place = variant.ty.span;
                Some(Need { to, place })
            })
            .collect(),
        TypeKind::Scalar { ty, .. } => need(ty, ty.span).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Strongly connected components (Tarjan's algorithm with a stack of its own), each sorted; in the order of their first
/// member.
fn components(needs: &[Vec<Need>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let mut index = vec![NEW; needs.len()];
    let mut low = vec![0; needs.len()];
    let mut open = vec![false; needs.len()];
    let (mut stack, mut found, mut next) = (Vec::new(), Vec::new(), 0);
    for root in 0..needs.len() {
        if index[root] != NEW {
            continue;
        }
        // (type, how many of its needs were followed)
        let mut walk = vec![(root, 0)];
        while let Some((at, followed)) = walk.pop() {
            if followed == 0 {
                (index[at], low[at], open[at]) = (next, next, true);
                stack.push(at);
                next += 1;
            } else {
                let child = needs[at][followed - 1].to;
                if open[child] {
                    low[at] = low[at].min(low[child]);
                }
            }
            if let Some(need) = needs[at].get(followed) {
                walk.push((at, followed + 1));
                if index[need.to] == NEW {
                    walk.push((need.to, 0));
                }
                continue;
            }
            if low[at] == index[at] {
                let start = stack.iter().rposition(|&member| member == at).unwrap_or(0);
                let mut component = stack.split_off(start);
                for &member in &component {
                    open[member] = false;
                }
                component.sort_unstable();
                found.push(component);
            }
        }
    }
    found.sort_unstable();
    found
}

/// The shortest circle through the first member of a component, if there is one.
fn circle(contracts: &Contracts, needs: &[Vec<Need>], component: &[usize]) -> Option<Diagnostic> {
    let start = *component.first()?;
    // Breadth first, each type with the one that led to it.
    let mut from: std::collections::HashMap<usize, (usize, Span)> =
        std::collections::HashMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for need in &needs[at] {
            if component.binary_search(&need.to).is_ok() && !from.contains_key(&need.to) {
                from.insert(need.to, (at, need.place));
                queue.push_back(need.to);
            }
        }
        if from.contains_key(&start) {
            break;
        }
    }
    let mut steps = Vec::new();
    let mut at = start;
    loop {
        let &(before, place) = from.get(&at)?;
        steps.push((at, place));
        at = before;
        if at == start {
            break;
        }
    }
    steps.reverse();
    let name = |at: usize| contracts.types[at].name.value.as_str();
    let path: Vec<&str> = std::iter::once(name(start))
        .chain(steps.iter().map(|&(to, _)| name(to)))
        .collect();
    let mut diagnostic = Diagnostic::new(
        Code::InfiniteType,
        contracts.types[start].name.span,
        if steps.len() == 1 {
            format!("the type \"{}\" contains itself", name(start))
        } else {
            format!(
                "the type \"{}\" contains itself: {}",
                name(start),
                path.join(" → ")
            )
        },
    )
    .label("a value of it would be infinite")
    .help("make one field of the cycle optional (`?`), or a list or map");
    for (to, place) in steps {
        diagnostic = diagnostic.related(place, format!("holds a value of \"{}\"", name(to)));
    }
    Some(diagnostic)
}
