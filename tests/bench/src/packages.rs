//! Packages that are made to be built: written below a folder, with the versions that this benchmark is locked to.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use crate::spent::spent;

/// A folder of packages that are built together.
#[derive(Debug)]
pub struct Packages {
    root: PathBuf,
}

impl Packages {
    /// Such a folder, made anew; what was built of an earlier one goes too.
    pub fn new(root: PathBuf) -> io::Result<Self> {
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir_all(&root)?;
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock");
        fs::copy(lock, root.join("Cargo.lock"))?;
        let manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\nexclude = [\"target\"]\n\n\
                        [profile.dev]\ndebug = false\nincremental = false\n\n[profile.release]\nstrip = true\n";
        fs::write(root.join("Cargo.toml"), manifest)?;
        Ok(Self { root })
    }

    /// One package: what follows `[package]`, and its files.
    pub fn package(
        &self,
        name: &str,
        manifest: &str,
        files: &[(&str, &str)],
    ) -> io::Result<PathBuf> {
        let package = self.root.join(name);
        fs::create_dir_all(package.join("src"))?;
        let head =
            format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n");
        fs::write(package.join("Cargo.toml"), head + manifest)?;
        for (path, text) in files {
            fs::write(package.join(path), text)?;
        }
        Ok(package)
    }

    /// A cargo command over one of them. It builds in a folder of theirs, or in one that is given.
    pub fn cargo(&self, command: &str, package: &str, target: &Path) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args([command, "--quiet", "--package", package, "--target-dir"])
            .arg(target)
            .current_dir(&self.root)
            // What this benchmark itself is built with is no matter of theirs.
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("CARGO_MANIFEST_DIR");
        cargo
    }

    /// Where they are.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// A package of this repository, as a dependency.
pub fn ours(folder: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
    format!("{{ path = {:?} }}", format!("{path}{folder}"))
}

/// `generate/` in a profile. The profile `dev` is here what Cargo gives to build scripts: unoptimised, without debug information.
pub fn generator(profile: &str) -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let target = target();
    println!("building the generators, profile {profile}");
    spent(
        Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--locked",
                "--package",
                "event-bench-generate",
            ])
            .args([
                "--profile",
                profile,
                "--manifest-path",
                manifest,
                "--target-dir",
            ])
            .arg(&target)
            .env("CARGO_PROFILE_DEV_DEBUG", "0"),
    );
    let folder = if profile == "dev" { "debug" } else { profile };
    target.join(folder).join("event-bench-generate")
}

/// Where this benchmark was built: two folders above it.
pub fn target() -> PathBuf {
    let here = env::current_exe().unwrap_or_default();
    here.ancestors()
        .nth(3)
        .map(Path::to_owned)
        .unwrap_or_default()
}
