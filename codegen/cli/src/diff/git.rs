//! The contracts folder at a commit, by the `git` command. Reads objects only: never touches the working tree, the index
//! or the network. Files go to a folder of their own below the system's temporary one, because schemas refer to each other.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::outcome::Failure;

/// What a commit has.
pub(super) enum Found {
    /// The folder, written out, and what to call it in reports.
    Folder { files: TempDir, shown: String },
    /// No contracts yet.
    Nothing {
        /// What to say about it.
        note: String,
    },
}

/// One file of a commit.
struct Entry {
    path: PathBuf,
    link: bool,
    object: String,
}

/// Reads the contracts folder as it is at `reference`: a commit, or `COMMIT:PATH`.
pub(super) fn read(contracts: &Path, reference: &str) -> Result<Found, Failure> {
    let (commit_name, path) = match reference.split_once(':') {
        Some((commit, path)) => (commit, Some(path)),
        None => (reference, None),
    };
    if commit_name.is_empty() {
        return Err(Failure::Usage(format!(
            "--against git:{reference}: a commit, branch or tag is missing"
        )));
    }
    let repository = Repository::of(contracts)?;
    let commit = repository.commit(commit_name)?;
    let inside = match path {
        Some(path) => path.trim_end_matches('/').to_owned(),
        None => repository.inside.clone(),
    };
    let Some(tree) = repository.tree(&commit, &inside)? else {
        return repository.missing(&commit, commit_name, &inside, path.is_some());
    };
    let entries = repository.entries(&tree)?;
    let files = repository.write(entries, reference)?;
    let shown = if inside.is_empty() {
        format!("{commit_name}:.")
    } else {
        format!("{commit_name}:{inside}")
    };
    Ok(Found::Folder { files, shown })
}

struct Repository {
    root: PathBuf,
    /// The contracts folder below the root, with `/`; empty when it is the root.
    inside: String,
}

fn outside(what: impl Into<String>) -> Failure {
    Failure::Outside(what.into())
}

impl Repository {
    fn of(contracts: &Path) -> Result<Self, Failure> {
        let folder = contracts
            .canonicalize()
            .map_err(|error| outside(format!("cannot find {}: {error}", contracts.display())))?;
        let output = Command::new("git")
            .arg("-C")
            .arg(&folder)
            .args(["rev-parse", "--show-toplevel"])
            .stdin(Stdio::null())
            .output()
            .map_err(no_git)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(outside(format!(
                "git cannot read {}: {}; compare with a folder instead: --against DIR",
                contracts.display(),
                first_line(&said)
            )));
        }
        let root = path_of(strip_line_end(&output.stdout));
        let root = root.canonicalize().unwrap_or(root);
        let below = folder.strip_prefix(&root).map_err(|_| {
            outside(format!(
                "{} is not below {}, the git repository that contains it",
                folder.display(),
                root.display()
            ))
        })?;
        let inside: Vec<String> = below
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        Ok(Self {
            root,
            inside: inside.join("/"),
        })
    }

    fn git(&self, arguments: &[&OsStr]) -> Result<std::process::Output, Failure> {
        Command::new("git")
            .arg("-C")
            .arg(&self.root)
            .args(arguments)
            // Objects that a partial clone lacks are missing: nothing is fetched behind anybody's back.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .map_err(no_git)
    }

    /// The object that a name stands for, if there is one.
    fn object(&self, name: &str) -> Result<Option<String>, Failure> {
        let output = self.git(&[
            "rev-parse".as_ref(),
            "--verify".as_ref(),
            "--quiet".as_ref(),
            "--end-of-options".as_ref(),
            name.as_ref(),
        ])?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.status.success() && !text.is_empty()).then_some(text))
    }

    fn commit(&self, name: &str) -> Result<String, Failure> {
        if let Some(commit) = self.object(&format!("{name}^{{commit}}"))? {
            return Ok(commit);
        }
        let shallow = self.git(&["rev-parse".as_ref(), "--is-shallow-repository".as_ref()])?;
        let shallow = String::from_utf8_lossy(&shallow.stdout).trim() == "true";
        let mut text = format!("git finds no commit `{name}` here");
        if shallow {
            text.push_str("; this is a shallow clone, which has only the latest commits: run `git fetch --unshallow`, or in GitHub Actions set `fetch-depth: 0` for actions/checkout");
        } else {
            for guess in [format!("origin/{name}"), format!("refs/tags/{name}")] {
                if self.object(&format!("{guess}^{{commit}}"))?.is_some() {
                    text.push_str(&format!("; did you mean git:{guess}?"));
                    return Err(outside(text));
                }
            }
            text.push_str("; is it fetched?");
        }
        Err(outside(text))
    }

    /// The tree of a folder at a commit.
    fn tree(&self, commit: &str, inside: &str) -> Result<Option<String>, Failure> {
        let Some(object) = self.object(&format!("{commit}:{inside}"))? else {
            return Ok(None);
        };
        let kind = self.git(&["cat-file".as_ref(), "-t".as_ref(), object.as_ref()])?;
        Ok((kind.stdout.trim_ascii() == b"tree").then_some(object))
    }

    /// A folder that is not there: it had another name, or there was none.
    fn missing(
        &self,
        commit: &str,
        name: &str,
        inside: &str,
        asked: bool,
    ) -> Result<Found, Failure> {
        if asked {
            return Err(Failure::Usage(format!(
                "at {name} there is no folder `{inside}`"
            )));
        }
        let root = self
            .object(&format!("{commit}^{{tree}}"))?
            .unwrap_or_default();
        let known: BTreeSet<String> = self.current()?.into_iter().collect();
        let mut elsewhere: BTreeMap<String, usize> = BTreeMap::new();
        for entry in self.entries(&root)? {
            let toml = entry
                .path
                .extension()
                .is_some_and(|ending| ending == "toml");
            if toml
                && known.contains(&entry.object)
                && let Some(folder) = self.folder_of(&entry.path)
            {
                *elsewhere.entry(folder).or_default() += 1;
            }
        }
        match elsewhere.into_iter().max_by_key(|(_, files)| *files) {
            Some((folder, _)) => Err(Failure::Usage(format!(
                "at {name} there is no folder `{inside}`, but `{folder}` has files of it: it was renamed; compare with --against git:{name}:{folder}"
            ))),
            None => Ok(Found::Nothing {
                note: format!(
                    "at {name} there is no folder `{inside}`, under any name: everything is new, so nothing can break"
                ),
            }),
        }
    }

    /// The contracts folder that a file of an older tree would belong to: what is left when the part of its path that a
    /// file of today has below the folder is taken away.
    fn folder_of(&self, path: &Path) -> Option<String> {
        let today = if self.inside.is_empty() {
            self.root.clone()
        } else {
            self.root.join(&self.inside)
        };
        let parts: Vec<Component<'_>> = path.components().collect();
        (1..=parts.len()).rev().find_map(|length| {
            let below: PathBuf = parts[parts.len() - length..].iter().collect();
            let above: PathBuf = parts[..parts.len() - length].iter().collect();
            today
                .join(&below)
                .is_file()
                .then(|| above.display().to_string())
        })
    }

    /// The objects that the contract files of today would be.
    fn current(&self) -> Result<Vec<String>, Failure> {
        let today = if self.inside.is_empty() {
            self.root.clone()
        } else {
            self.root.join(&self.inside)
        };
        let mut files: Vec<OsString> = Vec::new();
        let mut waiting = vec![today];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => waiting.push(path),
                    Ok(kind) if kind.is_file() && path.extension().is_some_and(|e| e == "toml") => {
                        files.push(path.into())
                    }
                    _ => {}
                }
            }
        }
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let mut arguments: Vec<&OsStr> = vec!["hash-object".as_ref(), "--".as_ref()];
        arguments.extend(files.iter().map(OsString::as_os_str));
        let output = self.git(&arguments)?;
        Ok(String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect())
    }

    fn entries(&self, tree: &str) -> Result<Vec<Entry>, Failure> {
        let output = self.git(&[
            "ls-tree".as_ref(),
            "-r".as_ref(),
            "-z".as_ref(),
            "--full-tree".as_ref(),
            tree.as_ref(),
        ])?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(outside(format!(
                "git cannot list the folder: {}",
                first_line(&said)
            )));
        }
        let mut entries = Vec::new();
        for line in output
            .stdout
            .split(|byte| *byte == 0)
            .filter(|line| !line.is_empty())
        {
            // `<mode> <type> <object>\t<path>`
            let Some(tab) = line.iter().position(|byte| *byte == b'\t') else {
                continue;
            };
            let head = String::from_utf8_lossy(&line[..tab]).into_owned();
            let mut head = head.split(' ');
            if let (Some(mode), Some("blob"), Some(object)) =
                (head.next(), head.next(), head.next())
            {
                entries.push(Entry {
                    path: path_of(&line[tab + 1..]),
                    link: mode == "120000",
                    object: object.to_owned(),
                });
            }
        }
        Ok(entries)
    }

    /// Writes files out. A link is the file that it points to; one that leaves the folder is refused.
    fn write(&self, entries: Vec<Entry>, reference: &str) -> Result<TempDir, Failure> {
        let scratch = tempfile::Builder::new()
            .prefix("event-contracts-git-")
            .tempdir()
            .map_err(|error| outside(format!("cannot make a temporary folder: {error}")))?;
        let contents = self.contents(&entries)?;
        let by_path: BTreeMap<&Path, usize> = entries
            .iter()
            .enumerate()
            .map(|(at, entry)| (entry.path.as_path(), at))
            .collect();
        for (at, entry) in entries.iter().enumerate() {
            if !entry
                .path
                .components()
                .all(|part| matches!(part, Component::Normal(_)))
            {
                return Err(outside(format!(
                    "git:{reference} has a file with an impossible path, {}",
                    entry.path.display()
                )));
            }
            let mut from = at;
            // A chain of links is as long as there are files, or it is a circle.
            for _ in 0..entries.len() {
                if !entries[from].link {
                    break;
                }
                let target = target(&entries[from].path, &contents[from]);
                from = target.and_then(|target| by_path.get(target.as_path()).copied()).ok_or_else(|| {
                    outside(format!("at git:{reference}, {} is a link to something else than a file of the folder, which cannot be followed there; compare with a checkout instead: --against DIR", entry.path.display()))
                })?;
            }
            let to = scratch.path().join(&entry.path);
            let made = to
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&to, &contents[from]));
            made.map_err(|error| outside(format!("cannot write {}: {error}", to.display())))?;
        }
        Ok(scratch)
    }

    /// The contents of blobs, in their order, through one process.
    fn contents(&self, entries: &[Entry]) -> Result<Vec<Vec<u8>>, Failure> {
        let mut child = Command::new("git")
            .arg("-C")
            .arg(&self.root)
            .args(["cat-file", "--batch"])
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(no_git)?;
        let asked: String = entries
            .iter()
            .map(|entry| format!("{}\n", entry.object))
            .collect();
        let (input, output) = (child.stdin.take(), child.stdout.take());
        // Asked from a thread of its own: git answers while it is asked, and both pipes are short.
        let asking =
            std::thread::spawn(move || input.map(|mut input| input.write_all(asked.as_bytes())));
        let mut answer = Vec::new();
        let read = output.map_or(Ok(0), |mut output| output.read_to_end(&mut answer));
        let _ = asking.join();
        let ended = child.wait();
        read.and(ended)
            .map_err(|error| outside(format!("cannot read from git: {error}")))?;
        parse(&answer, entries)
    }
}

/// `<object> blob <size>\n<content>\n` for each.
fn parse(mut answer: &[u8], entries: &[Entry]) -> Result<Vec<Vec<u8>>, Failure> {
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        let broken = || {
            outside(format!(
                "git has not got the content of {}: in a partial clone, fetch it first",
                entry.path.display()
            ))
        };
        let end = answer
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(broken)?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let size: usize = head
            .rsplit(' ')
            .next()
            .and_then(|size| size.parse().ok())
            .ok_or_else(broken)?;
        let content = answer.get(end + 1..end + 1 + size).ok_or_else(broken)?;
        all.push(content.to_vec());
        answer = answer.get(end + 2 + size..).unwrap_or_default();
    }
    Ok(all)
}

/// Returns the place where a link points to, below the folder.
fn target(link: &Path, content: &[u8]) -> Option<PathBuf> {
    let mut at: Vec<OsString> = link
        .parent()?
        .components()
        .map(|part| part.as_os_str().to_owned())
        .collect();
    for part in path_of(content).components() {
        match part {
            Component::Normal(name) => at.push(name.to_owned()),
            Component::CurDir => {}
            Component::ParentDir => {
                at.pop()?;
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(at.iter().collect())
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

fn strip_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

fn first_line(text: &str) -> &str {
    text.trim()
        .lines()
        .next()
        .unwrap_or("it says nothing")
        .trim_start_matches("fatal: ")
}

fn no_git(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::NotFound {
        outside(
            "--against git:… needs the command `git`, which is not on the PATH; compare with a folder instead: --against DIR",
        )
    } else {
        outside(format!("cannot run git: {error}"))
    }
}
