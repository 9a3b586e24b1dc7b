//! A page of documentation for each command, from the same source as its `--help`. Used by a test, which holds
//! `docs/commands` to it.

use std::fmt::Write;

use clap::{Arg, Command};

/// The pages by file name, the list of all first.
pub(crate) fn pages(command: &Command) -> Vec<(String, String)> {
    let mut command = command.clone();
    command.build();
    let name = command.get_name().to_owned();
    let mut list = format!(
        "# The commands\n\n{}\n\nWritten from the commands' own help (`UPDATE_EXPECT=1 cargo test -p {name} pages`); do not edit.\n\n\
         | command | does |\n|---|---|\n",
        about(&command)
    );
    let mut pages = Vec::new();
    for sub in visible(&command) {
        let mut text = String::new();
        page(&mut text, &format!("{name} {}", sub.get_name()), sub, 1);
        for below in visible(sub) {
            let full = format!("{name} {} {}", sub.get_name(), below.get_name());
            row(&mut list, &full, &format!("{}.md", sub.get_name()), below);
        }
        if visible(sub).next().is_none() {
            let full = format!("{name} {}", sub.get_name());
            row(&mut list, &full, &format!("{}.md", sub.get_name()), sub);
        }
        pages.push((format!("{}.md", sub.get_name()), text));
    }
    pages.insert(0, ("README.md".to_owned(), list));
    pages
}

/// Its own commands, but for those that nobody types.
pub(crate) fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

fn row(list: &mut String, full: &str, file: &str, command: &Command) {
    let does = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let _ = writeln!(
        list,
        "| [`{full}`]({file}) | {} |",
        does.replace('|', "\\|")
    );
}

fn about(command: &Command) -> String {
    let about = command.get_long_about().or(command.get_about());
    about.map(ToString::to_string).unwrap_or_default()
}

fn page(out: &mut String, full: &str, command: &Command, level: usize) {
    let _ = writeln!(out, "{} {full}\n\n{}\n", "#".repeat(level), about(command));
    let subs: Vec<&Command> = visible(command).collect();
    if subs.is_empty() {
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ");
        let _ = writeln!(out, "```text\n{usage}\n```\n");
        let arguments: Vec<&Arg> = command.get_positionals().collect();
        let options: Vec<&Arg> = command
            .get_opts()
            .chain(command.get_arguments().filter(|arg| is_flag(arg)))
            .filter(|arg| !arg.is_hide_set())
            .collect();
        table(out, "argument", &arguments);
        table(out, "option", &options);
        if let Some(examples) = command.get_after_help() {
            let examples = examples.to_string();
            let lines = examples.lines().skip(1).map(str::trim);
            let _ = writeln!(out, "```sh\n{}\n```", lines.collect::<Vec<_>>().join("\n"));
        }
    }
    for (at, sub) in subs.iter().enumerate() {
        page(out, &format!("{full} {}", sub.get_name()), sub, level + 1);
        if at + 1 < subs.len() {
            out.push('\n');
        }
    }
}

/// A switch, but for those that every command has.
fn is_flag(arg: &Arg) -> bool {
    let general = ["help", "version"].contains(&arg.get_id().as_str());
    !general && !arg.is_positional() && !arg.get_action().takes_values()
}

fn table(out: &mut String, what: &str, args: &[&Arg]) {
    if args.is_empty() {
        return;
    }
    let _ = writeln!(out, "| {what} | |\n|---|---|");
    for arg in args {
        let help = arg.get_long_help().or(arg.get_help());
        let mut help = help
            .map(ToString::to_string)
            .unwrap_or_default()
            .replace('\n', " ");
        let values: Vec<String> = arg
            .get_possible_values()
            .iter()
            .filter(|value| !value.is_hide_set() && arg.get_action().takes_values())
            .map(|value| match value.get_help() {
                Some(help) => format!("`{}` ({help})", value.get_name()),
                None => format!("`{}`", value.get_name()),
            })
            .collect();
        if !values.is_empty() {
            let _ = write!(help, ". One of: {}", values.join(", "));
        }
        let defaults: Vec<_> = arg
            .get_default_values()
            .iter()
            .map(|d| d.to_string_lossy())
            .collect();
        if !defaults.is_empty() && arg.get_action().takes_values() {
            let _ = write!(help, ". Default: `{}`", defaults.join(", "));
        }
        let shown = shown(arg);
        let _ = writeln!(
            out,
            "| `{}` | {} |",
            shown.replace('|', "\\|"),
            help.replace('|', "\\|")
        );
    }
    out.push('\n');
}

fn shown(arg: &Arg) -> String {
    let values = arg.get_value_names().unwrap_or_default();
    let value = values
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ");
    match (arg.get_long(), arg.get_action().takes_values()) {
        (Some(long), true) => format!("--{long} {value}"),
        (Some(long), false) => format!("--{long}"),
        (None, _) => value,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use clap::CommandFactory;

    use super::*;

    fn leaves<'a>(command: &'a Command, path: &str, all: &mut Vec<(String, &'a Command)>) {
        for sub in visible(command) {
            let full = format!("{path} {}", sub.get_name());
            if visible(sub).next().is_some() {
                leaves(sub, &full, all);
            } else {
                all.push((full, sub));
            }
        }
    }

    #[test]
    fn every_command_has_two_examples_of_itself() {
        let command = crate::Cli::command();
        let mut all = Vec::new();
        leaves(&command, "event-contracts", &mut all);
        assert!(all.len() > 20, "{}", all.len());
        for (full, command) in all {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            let words: Vec<&str> = full.split(' ').collect();
            let examples = help.strip_prefix("Examples:\n").unwrap_or_default();
            let is_one = |line: &&str| words.iter().all(|word| line.contains(word));
            assert_eq!(examples.lines().filter(is_one).count(), 2, "{full}: {help}");
            assert!(command.get_about().is_some(), "{full} says nothing");
        }
    }

    #[test]
    fn pages_are_up_to_date() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands");
        let pages = pages(&crate::Cli::command());
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::create_dir_all(&folder).unwrap();
            for (name, text) in &pages {
                fs::write(folder.join(name), text).unwrap();
            }
        }
        for (name, text) in &pages {
            let found = fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert_eq!(
                &found, text,
                "docs/commands/{name}: UPDATE_EXPECT=1 writes it"
            );
        }
        let known = |file: &str| pages.iter().any(|(name, _)| name == file);
        for entry in fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(known(&name), "docs/commands/{name} is of no command");
        }
    }
}
