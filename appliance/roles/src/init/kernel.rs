//! The kernel's own file systems, switches and interfaces.

use super::InitError;
use super::console::say;
use crate::floor::FLOOR;
use crate::household::datagram_name;
use crate::layout;
use os::group;
use os::link;
use os::mount::{FileSystem, Limits};
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use supervise::boot::Line;

/// What is needed before anything can be found: once in the initramfs, and again where that was left out.
pub(super) fn first_mounts() -> io::Result<()> {
    for (folder, kind, limits) in [
        ("/proc", "proc", Limits::DATA),
        ("/sys", "sysfs", Limits::DATA),
        ("/dev", "devtmpfs", Limits::DEVICES),
    ] {
        // A read-only root has the folder already.
        let _ = std::fs::create_dir(folder);
        let source = kind;
        match (FileSystem { source, kind, limits, options: "" }).mount(Path::new(folder)) {
            // Moved here by the first stage.
            Err(error) if error.raw_os_error() == Some(nix::libc::EBUSY) => {}
            other => other?,
        }
    }
    Ok(())
}

/// The rest of them.
pub(super) fn mounts() -> Result<(), InitError> {
    let needed = |folder: &'static str, kind, options| {
        let _ = std::fs::create_dir_all(folder);
        let limits = Limits::DATA;
        let system = FileSystem { source: "none", kind, limits, options };
        system.mount(Path::new(folder)).map_err(|error| InitError::Mount(folder, error))
    };
    needed("/run", "tmpfs", "mode=755,size=16m")?;
    needed("/tmp", "tmpfs", "mode=1777,size=16m")?;
    needed("/dev/shm", "tmpfs", "mode=1777,size=16m")?;
    // What serves only when something has gone wrong may be missing from a small kernel.
    for (folder, kind) in [
        ("/dev/pts", "devpts"),
        ("/sys/kernel/security", "securityfs"),
        ("/sys/fs/pstore", "pstore"),
    ] {
        let _ = needed(folder, kind, "");
    }
    needed(layout::GROUPS, "cgroup2", "")?;
    if let Err(error) = group::enable_ceilings(Path::new(layout::GROUPS)) {
        tracing::error!(%error, "the roles have no ceilings: the kernel lacks a controller");
    }
    Ok(())
}

/// Lets no clock show a time at which this program did not exist, before anybody asks it: certificates and records
/// are dated by it. Whether it is right is the role `time`'s to find out.
pub(super) fn clock() {
    if os::clock::read() >= FLOOR.0 {
        return;
    }
    match os::clock::set(FLOOR.0) {
        Ok(()) => say("the clock had no time to show; it begins with the day of this version"),
        Err(error) => tracing::error!(%error, "the clock cannot be set"),
    }
}

/// Switches of the kernel; one that it does not have is passed over.
pub(super) fn settings() {
    for (switch, value) in SWITCHES {
        let _ = std::fs::write(Path::new("/proc/sys").join(switch), value);
    }
}

/// What the box is like before a role for it exists: loopback, and an address that the kernel's command line names.
pub(super) fn network(line: &Line) {
    if let Err(error) = link::up("lo") {
        tracing::error!(%error, "the loopback interface stays down");
    }
    let Some(wanted) = &line.net else { return };
    let Some((address, prefix)) = address(wanted) else {
        say(&format!("fixpart.net={wanted} is no address; expected one like 192.0.2.10/24"));
        return;
    };
    let Some(interface) = link::interfaces().into_iter().next() else {
        say("there is no network interface for fixpart.net");
        return;
    };
    let done = link::up(&interface).and_then(|()| link::add_address(&interface, address, prefix));
    match done {
        Ok(()) => say(&format!("{interface} has the address {address}/{prefix}")),
        Err(error) => say(&format!("{interface} cannot have the address {address}: {error}")),
    }
}

fn address(wanted: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, prefix) = wanted.split_once('/')?;
    let prefix = prefix.parse().ok().filter(|prefix| *prefix <= 32)?;
    Some((address.parse().ok()?, prefix))
}

/// Keeps the kernel's messages off the terminals, where a menu is from now on; they are in the log. Who wants to see
/// them there says so on the command line.
pub(super) fn hush(line: &Line) {
    if !line.loud {
        // Only what comes before the end: level 0, and a panic, which raises this by itself.
        let _ = std::fs::write("/proc/sys/kernel/printk", "1");
    }
}

/// What the kernel is to do, and what nobody is to do with it.
const SWITCHES: &[(&str, &str)] = &[
    // All that we say is kept; it is little.
    ("kernel/printk_devkmsg", "on"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("kernel/softlockup_panic", "1"),
    ("kernel/hardlockup_panic", "1"),
    ("kernel/hung_task_panic", "1"),
    ("kernel/kexec_load_disabled", "1"),
    ("kernel/unprivileged_bpf_disabled", "1"),
    ("kernel/dmesg_restrict", "1"),
    ("kernel/kptr_restrict", "2"),
    ("kernel/yama/ptrace_scope", "3"),
    ("kernel/core_pattern", ""),
    ("user/max_user_namespaces", "0"),
    ("fs/protected_symlinks", "1"),
    ("fs/protected_hardlinks", "1"),
    ("fs/protected_fifos", "2"),
    ("fs/protected_regular", "2"),
    ("fs/suid_dumpable", "0"),
    // Datagrams that wait for the log: what is said while it restarts.
    ("net/unix/max_dgram_qlen", "512"),
    // Root may open sockets for echo requests, as the role `console` does before it is confined.
    ("net/ipv4/ping_group_range", "0 0"),
    ("net/ipv4/conf/all/rp_filter", "1"),
    ("net/ipv4/conf/all/accept_redirects", "0"),
    ("net/ipv4/conf/default/accept_redirects", "0"),
    ("net/ipv6/conf/all/accept_redirects", "0"),
    ("net/ipv6/conf/default/accept_redirects", "0"),
    ("net/ipv4/tcp_syncookies", "1"),
];

/// Gives the sockets of the role `log` the names by which any program finds them: that of the C library and that of
/// the journal.
pub(super) fn name_the_log(sockets: &Path) {
    let journal = Path::new("/run/systemd/journal");
    let names = [("devlog", Path::new("/dev/log")), ("journal", &journal.join("socket"))];
    let made = std::fs::create_dir_all(journal).and_then(|()| {
        names.into_iter().try_for_each(|(socket, name)| {
            let _ = std::fs::remove_file(name);
            std::os::unix::fs::symlink(sockets.join(datagram_name(socket)), name)
        })
    });
    if let Err(error) = made {
        tracing::warn!(%error, "programs that are no roles cannot reach the log");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_its_prefix() {
        assert_eq!(address("10.0.2.15/24"), Some((Ipv4Addr::new(10, 0, 2, 15), 24)));
        for wrong in ["10.0.2.15", "10.0.2.15/33", "x/24", "/", ""] {
            assert_eq!(address(wrong), None, "{wrong}");
        }
    }
}
