//! Control groups (cgroup v2): what a role may use of the machine, and its end with all its children.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

/// What a group may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Memory; above it the kernel ends the whole group.
    pub memory_mib: u32,
    /// Processes and threads.
    pub tasks: u32,
    /// Its part of the processors when others want them too; 100 is ordinary.
    pub cpu_weight: u16,
}

/// A group below the root of the hierarchy.
#[derive(Debug)]
pub struct Group {
    path: PathBuf,
    folder: File,
    lacks: Vec<&'static str>,
}

impl Group {
    /// Makes the group `name` under `root` where the hierarchy is mounted, with a ceiling.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn make(root: &Path, name: &str, ceiling: Ceiling) -> io::Result<Self> {
        let path = root.join(name);
        match std::fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let mut group = Self { folder: File::open(&path)?, path, lacks: Vec::new() };
        // Each by itself: a kernel may lack one, and a group without ceilings still ends as a whole.
        group.set("memory.max", &format!("{}M", ceiling.memory_mib));
        // The box has no swap; where there is some it would only hide who uses too much.
        let _ = group.write("memory.swap.max", "0");
        group.set("memory.oom.group", "1");
        group.set("pids.max", &ceiling.tasks.to_string());
        group.set("cpu.weight", &ceiling.cpu_weight.to_string());
        Ok(group)
    }

    /// The ceilings that this kernel does not have, by the names of their files.
    #[must_use]
    pub fn lacks(&self) -> &[&'static str] {
        &self.lacks
    }

    /// Ends every process in it at once.
    ///
    /// # Errors
    /// If the kernel is older than 5.14.
    pub fn kill(&self) -> io::Result<()> {
        self.write("cgroup.kill", "1")
    }

    /// How often the kernel has ended something in it for want of memory.
    #[must_use]
    pub fn out_of_memory(&self) -> u64 {
        let events = std::fs::read_to_string(self.path.join("memory.events")).unwrap_or_default();
        let count = events.lines().find_map(|line| line.strip_prefix("oom_group_kill "));
        count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    }

    fn set(&mut self, file: &'static str, text: &str) {
        if self.write(file, text).is_err() {
            self.lacks.push(file);
        }
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        std::fs::write(self.path.join(file), text)
    }
}

impl AsFd for Group {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

/// Lets the groups below `root` have ceilings.
///
/// # Errors
/// If the hierarchy is not mounted there, or the kernel lacks a controller.
pub fn enable_ceilings(root: &Path) -> io::Result<()> {
    let control = root.join("cgroup.subtree_control");
    // Each by itself, since one that is missing would refuse them all.
    let enabled = ["+memory", "+pids", "+cpu"].map(|one| std::fs::write(&control, one));
    enabled.into_iter().collect()
}
