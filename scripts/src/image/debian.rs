//! Packages of Debian, for this kind of machine or another.
//!
//! For another one apt gets sources, lists and cache of its own: it checks signatures as ever, and what this machine has
//! installed, and knows of foreign packages, stays as it is.

use super::Arch;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where packages for one kind of machine come from.
pub(crate) struct Archive {
    arch: Arch,
    /// Packages that were fetched.
    packages: PathBuf,
    /// What is apt's own for a kind of machine that is not this one.
    own: Option<PathBuf>,
}

/// What an image for another kind of machine has in it besides its kernel.
pub(crate) struct Foreign {
    /// The packages.
    pub(crate) debs: Vec<PathBuf>,
    /// The static e2fsck.
    pub(crate) e2fsck: PathBuf,
    /// GRUB's modules.
    pub(crate) grub: PathBuf,
}

impl Archive {
    /// The archive that this machine's packages come from.
    ///
    /// # Errors
    /// When this machine has none.
    pub(crate) fn new(root: &Path, arch: Arch) -> Result<Self, String> {
        let packages = root.join(PACKAGES);
        std::fs::create_dir_all(&packages).map_err(|error| shown(&packages, &error))?;
        let here = text_of(Command::new("dpkg").arg("--print-architecture"))?;
        let own = (here.trim() != arch.debian).then(|| root.join(OWN).join(arch.debian));
        if let Some(own) = &own {
            for folder in ["lists/partial", "archives/partial", "preferences.d"] {
                let folder = own.join(folder);
                std::fs::create_dir_all(&folder).map_err(|error| shown(&folder, &error))?;
            }
            let sources = text_of(Command::new("apt-get").args(SOURCES))?;
            // Once for each kind of machine that this one knows.
            let sources: BTreeSet<&str> = sources.lines().collect();
            if sources.is_empty() {
                return Err("this machine has no packages from Debian's archive".into());
            }
            let sources = sources.into_iter().fold(String::new(), |all, it| all + it + "\n");
            for (name, content) in [("sources.list", sources.as_str()), ("status", "")] {
                let file = own.join(name);
                std::fs::write(&file, content).map_err(|error| shown(&file, &error))?;
            }
        }
        Ok(Self { arch, packages, own })
    }

    /// The newest package that `meta` stands for, kept from run to run.
    ///
    /// # Errors
    /// When the archive has none, or cannot be reached.
    pub(crate) fn newest(&self, meta: &str) -> Result<PathBuf, String> {
        let fetch = || {
            let name = self.behind(meta)?;
            self.package(&name)
        };
        // The lists may be of yesterday, and their packages gone.
        fetch().or_else(|why| if self.refresh() { fetch() } else { Err(why) })
    }

    /// What else an image takes, where it is not what is installed here.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn foreign(&self) -> Result<Option<Foreign>, String> {
        let Some(own) = &self.own else { return Ok(None) };
        let root = own.join("root");
        let _ = std::fs::remove_dir_all(&root);
        let mut debs = Vec::new();
        for name in self.arch.inside {
            let deb = self
                .package(name)
                .or_else(|why| if self.refresh() { self.package(name) } else { Err(why) })?;
            text_of(Command::new("dpkg-deb").arg("-x").arg(&deb).arg(&root))?;
            debs.push(deb);
        }
        let e2fsck = ["sbin", "usr/sbin"].map(|folder| root.join(folder).join("e2fsck.static"));
        let e2fsck = e2fsck.into_iter().find(|path| path.exists());
        let e2fsck = e2fsck.ok_or("Debian's e2fsck-static has no e2fsck.static")?;
        Ok(Some(Foreign { debs, e2fsck, grub: root.join("usr/lib/grub") }))
    }

    /// The kernel's package that the package `meta` depends on.
    fn behind(&self, meta: &str) -> Result<String, String> {
        let depends = text_of(self.apt("apt-cache").args(["depends", meta]))?;
        let mut names = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
        let name = names.find(|name| name.starts_with("linux-image-"));
        name.map(str::to_owned)
            .ok_or_else(|| format!("this machine's package archive has no {meta}"))
    }

    fn package(&self, name: &str) -> Result<PathBuf, String> {
        if let Some(there) = self.fetched(name) {
            return Ok(there);
        }
        let mut fetch = self.apt("apt-get");
        text_of(fetch.args(["download", "-q", name]).current_dir(&self.packages))
            .map_err(|why| format!("{name} cannot be downloaded: {why}"))?;
        self.fetched(name).ok_or_else(|| format!("apt has not kept {name}"))
    }

    fn fetched(&self, name: &str) -> Option<PathBuf> {
        let entries = std::fs::read_dir(&self.packages).ok()?.flatten().map(|entry| entry.path());
        let (start, end) = (format!("{name}_"), format!("_{}.deb", self.arch.debian));
        entries.into_iter().find(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.starts_with(&start) && file.ends_with(&end)
        })
    }

    /// Fetches the lists of packages anew, where they are ours.
    fn refresh(&self) -> bool {
        self.own.is_some() && text_of(self.apt("apt-get").args(["update", "-q"])).is_ok()
    }

    fn apt(&self, program: &str) -> Command {
        let mut apt = Command::new(program);
        apt.env("LC_ALL", "C");
        // As root apt wants to be somebody else, who may not write here.
        apt.args(["-o", "APT::Sandbox::User=root"]);
        let Some(own) = &self.own else { return apt };
        for (option, name) in [
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::Etc::sourceparts", "-"),
            ("Dir::Etc::preferences", "preferences"),
            ("Dir::Etc::preferencesparts", "preferences.d"),
            ("Dir::State", ""),
            ("Dir::State::status", "status"),
            ("Dir::Cache", ""),
        ] {
            let path = if name == "-" { name.into() } else { own.join(name) };
            apt.arg("-o").arg(format!("{option}={}", path.display()));
        }
        for option in ["APT::Architecture", "APT::Architectures::"] {
            apt.arg("-o").arg(format!("{option}={}", self.arch.debian));
        }
        apt.args(["-o", "Acquire::Languages=none"]);
        apt.args(["-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"]);
        apt
    }
}

/// What a program prints.
fn text_of(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let asked = command.output();
    let asked = asked
        .map_err(|_| format!("images are made of Debian's packages, and {program} is not here"))?;
    if asked.status.success() {
        return Ok(String::from_utf8_lossy(&asked.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&asked.stderr).into_owned();
    Err(format!("{program}: {}", said.trim()))
}

fn shown(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// Asks for the sources of this machine's packages, in the form of a list of sources; only Debian's own, since others need
/// not have packages for other machines.
const SOURCES: &[&str] = &[
    "indextargets",
    "--format",
    "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(REPO_URI) $(RELEASE) $(COMPONENT)",
    "Created-By: Packages",
    "Origin: Debian",
];
/// Packages that were fetched.
pub(crate) const PACKAGES: &str = ".cache/debs";
/// Below it, what is apt's own for each kind of machine.
const OWN: &str = ".cache/apt";
