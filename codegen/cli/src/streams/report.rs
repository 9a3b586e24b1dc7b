//! A plan for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::plan::{Action, Item, ItemKind, Plan};
use super::reset::Reset;
use super::rights::Rights;
use super::setting::{self, Effect};
use crate::behind::Behind;
use crate::connection::Server;
use crate::terminal::Style;

/// The plan as text: what is in sync is only counted.
pub(super) fn human(
    plan: &Plan,
    rights: &Rights,
    empty: &[String],
    server: &Server,
    style: Style,
) -> String {
    let mut out = format!("{} (nats-server {})", server.at, server.version_text);
    match rights.who() {
        Some(who) => _ = writeln!(out, " {who}"),
        None => out.push('\n'),
    }
    for stream in empty {
        let _ = writeln!(
            out,
            "\n{} stream {stream}: no event uses it, so it is not created",
            style.dim("·")
        );
    }
    for item in &plan.items {
        item_text(&mut out, item, style);
    }
    rights_text(&mut out, rights, style);
    let first = "to deliver them too, after the apply";
    out.push_str(&resets(&plan.resets, first));
    let _ = writeln!(out, "\n{}", summary(plan, rights));
    out
}

/// The commands that bring what lies behind to its services, and what each costs.
pub(crate) fn resets(all: &[Reset], first: &str) -> String {
    let mut out = String::new();
    if !all.is_empty() {
        let _ = writeln!(out, "\n{first}:");
    }
    for reset in all {
        let _ = writeln!(out, "  {}\n      {}", reset.command(), reset.costs());
    }
    out
}

fn rights_text(out: &mut String, rights: &Rights, style: Style) {
    if let Err(why) = &rights.user {
        let _ = writeln!(
            out,
            "\n{} permissions of the connected user are unknown: {why}",
            style.dim("?")
        );
    }
    if !(rights.missing.is_empty() && rights.extra.is_empty()) {
        out.push('\n');
    }
    for missing in &rights.missing {
        let _ = writeln!(out, "{} permission to {missing}", style.red("!"));
    }
    for (verb, subject) in &rights.extra {
        let _ = writeln!(
            out,
            "{} permission to {} \"{subject}\": more than it needs",
            style.dim("?"),
            verb.text()
        );
    }
}

fn item_text(out: &mut String, item: &Item, style: Style) {
    let kind = match item.kind {
        ItemKind::Stream => "stream",
        ItemKind::Durable => "durable",
    };
    let (sign, verb) = match item.action {
        Action::Create => (style.green("+"), "create"),
        Action::Change => (style.yellow("~"), "change"),
        Action::Remove => (style.red("-"), "remove"),
        Action::Conflict => (style.red("!"), "conflict"),
        Action::Foreign => (style.dim("?"), "not ours"),
        Action::Keep if item.notes.is_empty() => return,
        Action::Keep => (style.dim("·"), "in sync"),
    };
    let _ = writeln!(out, "\n{sign} {kind} {}: {verb}", style.bold(&item.name()));
    if matches!(item.action, Action::Create)
        && let Some(wanted) = &item.wanted
    {
        for (label, value) in setting::all(wanted) {
            let _ = writeln!(out, "    {label:<16} {value}");
        }
    }
    for difference in &item.differences {
        let old = difference.old.as_deref().unwrap_or("none");
        let label = difference.setting.label();
        let _ = writeln!(out, "    {label:<16} {old} -> {}", difference.new);
        if let Effect::Cannot(why) = difference.effect {
            let _ = writeln!(out, "        {} {why}", style.red("cannot:"));
        }
    }
    for loss in &item.losses {
        let _ = writeln!(out, "    {} {loss}", style.red("loses:"));
    }
    for behind in &item.behind {
        let _ = writeln!(
            out,
            "    {} {}",
            style.yellow("behind:"),
            behind.says("its")
        );
    }
    for note in &item.notes {
        let _ = writeln!(out, "    {} {note}", style.dim("note:"));
    }
}

fn summary(plan: &Plan, rights: &Rights) -> String {
    let stuck = plan.items.iter().filter(|item| item.is_stuck()).count();
    let mut parts: Vec<String> = Vec::new();
    let mut part = |n: usize, words: &str| {
        if n > 0 {
            parts.push(format!("{n} {words}"));
        }
    };
    let changes = |action: Action| {
        let of = |item: &&Item| item.action == action && item.is_change();
        plan.items.iter().filter(of).count()
    };
    part(changes(Action::Create), "to create");
    part(changes(Action::Change), "to change");
    part(changes(Action::Remove), "to remove");
    part(stuck, "that cannot be applied");
    part(plan.count(Action::Foreign), "not ours");
    part(rights.missing.len(), "permissions missing");
    part(rights.extra.len(), "permissions more than needed");
    let kept = plan.count(Action::Keep);
    if plan.in_sync() && rights.missing.is_empty() {
        parts.insert(0, format!("in sync: {kept} unchanged"));
        return parts.join(", ");
    }
    part(kept, "unchanged");
    let mut text = parts.join(", ");
    if plan.needs_yes() > 0 {
        let _ = write!(text, "; {} would lose something", plan.needs_yes());
    }
    text
}

/// The plan for programs.
pub(super) fn json(plan: &Plan, rights: &Rights, server: &Server) -> Value {
    json!({
        "server": { "at": server.at, "version": server.version_text },
        "inSync": plan.in_sync() && rights.missing.is_empty(),
        "items": plan.items.iter().map(item_json).collect::<Vec<_>>(),
        "resets": plan.resets.iter().map(Reset::json).collect::<Vec<_>>(),
        "permissions": rights.json(),
    })
}

fn item_json(item: &Item) -> Value {
    let differences: Vec<Value> = item
        .differences
        .iter()
        .map(|difference| {
            let cannot = match difference.effect {
                Effect::Cannot(why) => Some(why),
                _ => None,
            };
            json!({
                "setting": difference.setting.label(),
                "from": difference.old,
                "to": difference.new,
                "cannot": cannot,
            })
        })
        .collect();
    json!({
        "kind": match item.kind { ItemKind::Stream => "stream", ItemKind::Durable => "durable" },
        "stream": item.stream,
        "durable": item.durable,
        "action": match item.action {
            Action::Create => "create",
            Action::Change => "change",
            Action::Remove => "remove",
            Action::Conflict => "conflict",
            Action::Foreign => "foreign",
            Action::Keep => "keep",
        },
        "settings": differences,
        "losses": item.losses,
        "notes": item.notes,
        "behind": item.behind.iter().map(Behind::json).collect::<Vec<_>>(),
    })
}
