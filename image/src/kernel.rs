//! A kernel and its modules, from a Debian package or from a folder that a kernel was installed into.

mod modinfo;

use crate::error::{At as _, Error};
use crate::tool::Tool;
use modinfo::Info;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A kernel.
pub struct Kernel {
    /// What was given.
    from: PathBuf,
    /// The kernel itself.
    pub vmlinuz: Vec<u8>,
    /// Files of modules by their names, with `_` for `-`.
    modules: BTreeMap<String, PathBuf>,
    /// What others are modules and are inside here.
    builtin: BTreeSet<String>,
}

/// A module in the order in which it has to be loaded.
pub struct Module {
    /// Name of the file, without compression.
    pub file: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Files of the modules that have to be there before.
    pub needs: Vec<String>,
}

impl Kernel {
    /// Reads a Debian package or a folder with `boot/vmlinuz-*` (or `vmlinuz`, `bzImage`, `Image`) and, unless all is
    /// inside the kernel, `lib/modules/*`.
    ///
    /// # Errors
    /// When there is no kernel, or more than one.
    pub fn open(from: &Path, work: &Path) -> Result<Self, Error> {
        let folder = if from.extension().is_some_and(|extension| extension == "deb") {
            let folder = work.join("kernel");
            std::fs::create_dir_all(&folder).at(&folder)?;
            Tool::new("dpkg-deb", "dpkg").arg("-x").arg(from).arg(&folder).run()?;
            folder
        } else {
            from.to_path_buf()
        };
        let problem = |problem: String| Error::Kernel { path: from.to_path_buf(), problem };
        let vmlinuz = only_one(&images(&folder), "kernel image").map_err(problem)?;
        let releases: Vec<PathBuf> = ["lib/modules", "usr/lib/modules"]
            .iter()
            .flat_map(|below| children(&folder.join(below)))
            .collect();
        let mut kernel = Self {
            from: from.to_path_buf(),
            vmlinuz: std::fs::read(&vmlinuz).at(&vmlinuz)?,
            modules: BTreeMap::new(),
            builtin: BTreeSet::new(),
        };
        if !releases.is_empty() {
            let release = only_one(&releases, "release below lib/modules").map_err(problem)?;
            kernel.collect(&release.join("kernel"));
            let list = std::fs::read_to_string(release.join("modules.builtin")).unwrap_or_default();
            kernel.builtin = list.lines().map(|line| module_name(Path::new(line))).collect();
        }
        Ok(kernel)
    }

    /// The modules in `wanted` and all that they need, in an order in which they can be loaded. What this kernel does
    /// not have, or has inside, is left out.
    ///
    /// # Errors
    /// When a module that another one needs is missing, or a file cannot be read.
    pub fn order(&self, wanted: &[&str]) -> Result<Vec<Module>, Error> {
        let mut order =
            Order { kernel: self, aliases: None, done: BTreeSet::new(), modules: Vec::new() };
        for name in wanted {
            if self.modules.contains_key(*name) {
                order.add(name)?;
            }
        }
        Ok(order.modules)
    }

    /// Whether it can do what `name` says, inside or by a module.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.modules.is_empty() || self.builtin.contains(name) || self.modules.contains_key(name)
    }

    fn collect(&mut self, folder: &Path) {
        for path in children(folder) {
            if path.is_dir() {
                self.collect(&path);
            } else if is_module(&path) {
                self.modules.insert(module_name(&path), path);
            }
        }
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let Some(path) = self.modules.get(name) else {
            let problem = format!("its module {name} is missing");
            return Err(Error::Kernel { path: self.from.clone(), problem });
        };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("xz") => Tool::new("xz", "xz-utils").arg("-dc").arg(path).run(),
            Some("zst") => Tool::new("zstd", "zstd").arg("-dcq").arg(path).run(),
            _ => std::fs::read(path).at(path),
        }
    }

    /// Which modules answer to a name that is not theirs. Only algorithms of the kernel's crypto are asked for so.
    fn aliases(&self) -> Result<BTreeMap<String, Vec<String>>, Error> {
        let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, path) in &self.modules {
            if path.components().any(|part| part.as_os_str() == "crypto") {
                for alias in Info::of(&self.read(name)?).aliases {
                    aliases.entry(alias).or_default().push(name.clone());
                }
            }
        }
        Ok(aliases)
    }
}

/// An order that is being made.
struct Order<'a> {
    kernel: &'a Kernel,
    aliases: Option<BTreeMap<String, Vec<String>>>,
    done: BTreeSet<String>,
    modules: Vec<Module>,
}

impl Order<'_> {
    /// Adds a module behind what it needs.
    fn add(&mut self, name: &str) -> Result<(), Error> {
        // Before its needs are looked at: a soft one may lead back to it.
        if !self.done.insert(name.to_owned()) {
            return Ok(());
        }
        let bytes = self.kernel.read(name)?;
        let info = Info::of(&bytes);
        for soft in &info.soft {
            for name in self.answering(soft)? {
                self.add(&name)?;
            }
        }
        let mut needs = Vec::new();
        for need in &info.needs {
            if !self.kernel.builtin.contains(need) {
                self.add(need)?;
                needs.push(format!("{need}.ko"));
            }
        }
        self.modules.push(Module { file: format!("{name}.ko"), bytes, needs });
        Ok(())
    }

    fn answering(&mut self, name: &str) -> Result<Vec<String>, Error> {
        let plain = name.replace('-', "_");
        if self.kernel.modules.contains_key(&plain) {
            return Ok(vec![plain]);
        }
        if self.aliases.is_none() {
            self.aliases = Some(self.kernel.aliases()?);
        }
        Ok(self.aliases.as_ref().and_then(|all| all.get(name)).cloned().unwrap_or_default())
    }
}

fn images(folder: &Path) -> Vec<PathBuf> {
    let is_kernel = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("vmlinuz") || name == "bzImage" || name == "Image"
    };
    let all = [folder.join("boot"), folder.to_path_buf()];
    all.iter().flat_map(|folder| children(folder)).filter(is_kernel).collect()
}

fn only_one(found: &[PathBuf], what: &str) -> Result<PathBuf, String> {
    match found {
        [one] => Ok(one.clone()),
        [] => Err(format!("there is no {what}")),
        more => Err(format!("there is more than one {what}: {}", more.len())),
    }
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn is_module(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".ko", ".ko.xz", ".ko.zst"].iter().any(|end| name.ends_with(end))
}

fn module_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split(".ko").next().unwrap_or_default().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(modules: &[(&str, &[&str])]) -> (tempfile::TempDir, Kernel) {
        let folder = tempfile::tempdir().unwrap();
        let drivers = folder.path().join("lib/modules/6.1.0/kernel/crypto");
        std::fs::create_dir_all(&drivers).unwrap();
        std::fs::create_dir_all(folder.path().join("boot")).unwrap();
        std::fs::write(folder.path().join("boot/vmlinuz-6.1.0"), "kernel").unwrap();
        std::fs::write(drivers.join("../../modules.builtin"), "kernel/fs/inside-it.ko\n").unwrap();
        for (name, info) in modules {
            std::fs::write(drivers.join(format!("{name}.ko")), modinfo::elf_with(info)).unwrap();
        }
        let kernel = Kernel::open(folder.path(), folder.path()).unwrap();
        (folder, kernel)
    }

    fn files(kernel: &Kernel, wanted: &[&str]) -> Vec<String> {
        kernel.order(wanted).unwrap().into_iter().map(|module| module.file).collect()
    }

    #[test]
    fn a_module_comes_behind_what_it_needs_and_what_it_asks_for_softly() {
        let (_folder, kernel) = kernel(&[
            ("ext4", &["depends=jbd2,inside_it", "softdep=pre: crc32c post: later"]),
            ("jbd2", &["depends="]),
            ("crc32c-fast", &["alias=crc32c", "depends="]),
            ("crc32c_slow", &["alias=crc32c", "alias=other"]),
        ]);
        assert_eq!(kernel.vmlinuz, b"kernel");
        assert_eq!(
            files(&kernel, &["nothing", "ext4", "jbd2"]),
            ["crc32c_fast.ko", "crc32c_slow.ko", "jbd2.ko", "ext4.ko"]
        );
        assert_eq!(kernel.order(&["ext4"]).unwrap()[3].needs, ["jbd2.ko"]);
        assert!(kernel.has("inside_it") && kernel.has("ext4") && !kernel.has("xfs"));
    }

    #[test]
    fn a_circle_of_soft_needs_comes_to_an_end() {
        let (_folder, kernel) =
            kernel(&[("a", &["softdep=pre: b"]), ("b", &["softdep=pre: a", "depends="])]);
        assert_eq!(files(&kernel, &["a"]), ["b.ko", "a.ko"]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let (_folder, kernel) = kernel(&[("a", &["depends=gone"])]);
        let error = kernel.order(&["a"]).err().unwrap().to_string();
        assert!(error.ends_with("its module gone is missing"), "{error}");
        let empty = tempfile::tempdir().unwrap();
        let error = Kernel::open(empty.path(), empty.path()).err().unwrap().to_string();
        assert!(error.ends_with("there is no kernel image"), "{error}");
    }
}
