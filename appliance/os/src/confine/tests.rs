//! What is given up is gone, tried in children, since it never comes back.

use super::*;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use std::net::TcpListener;

/// Does something in a child; its exit code, or minus the signal that has ended it.
fn in_child(act: impl FnOnce() -> i32) -> i32 {
    #[expect(unsafe_code, reason = "fork has no safe face")]
    // SAFETY: other tests may hold locks of the allocator in other threads, which glibc's fork takes care of; the
    // child runs only `act` and ends.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            let code = act();
            #[expect(
                unsafe_code,
                reason = "ends the child without running what belongs to its parent"
            )]
            // SAFETY: takes a number and does not return.
            unsafe {
                libc::_exit(code)
            }
        }
        ForkResult::Parent { child } => match waitpid(child, None).unwrap() {
            WaitStatus::Exited(_, code) => code,
            WaitStatus::Signaled(_, signal, _) => -(signal as i32),
            other => panic!("{other:?}"),
        },
    }
}

const ENOUGH: &[&str] = &[
    "exit_group",
    "exit",
    "write",
    "read",
    "close",
    "openat",
    "mmap",
    "munmap",
    "brk",
    "rt_sigprocmask",
    "rt_sigaction",
    "sigaltstack",
    "futex",
    "getpid",
    "socket",
    "fcntl",
];

#[test]
#[cfg_attr(miri, ignore = "miri has no seccomp")]
fn a_call_that_is_not_listed_is_refused_and_a_deadly_one_ends_the_process() {
    let allowed = || {
        no_new_privileges().unwrap();
        restrict_calls(ENOUGH.iter().copied(), &[Family::Unix]).unwrap();
    };
    let refused = in_child(|| {
        allowed();
        i32::from(nix::unistd::chdir("/") == Err(Errno::EPERM)) + 40
    });
    assert_eq!(refused, 41);
    let killed = in_child(|| {
        allowed();
        let _ = nix::unistd::execv(c"/bin/true", &[c"true"]);
        0
    });
    assert_eq!(killed, -libc::SIGSYS);
    let wrong = restrict_calls(["open_sesame"].into_iter(), &[]).unwrap_err();
    assert!(wrong.to_string().contains("open_sesame"));
}

#[test]
#[cfg_attr(miri, ignore = "miri has no seccomp")]
fn sockets_are_of_the_listed_families_and_priorities_are_the_callers_own() {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
    let others = nix::unistd::getpid().as_raw();
    let seen = in_child(|| {
        no_new_privileges().unwrap();
        let names = ENOUGH.iter().chain(&["sched_setaffinity", "setpriority", "sched_getaffinity"]);
        restrict_calls(names.copied(), &[Family::Unix, Family::Ip]).unwrap();
        let opens = |family| socket(family, SockType::Datagram, SockFlag::empty(), None);
        let refused = |family| opens(family).err() == Some(Errno::EPERM);
        let pins = |pid: i32| {
            let pid = nix::unistd::Pid::from_raw(pid);
            nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0))
                .and_then(|set| nix::sched::sched_setaffinity(pid, &set))
        };
        let seen = [
            opens(AddressFamily::Unix).is_ok(),
            opens(AddressFamily::Inet).is_ok(),
            refused(AddressFamily::Netlink),
            refused(AddressFamily::Packet),
            refused(AddressFamily::Alg),
            pins(0).is_ok(),
            pins(others) == Err(Errno::EPERM),
        ];
        seen.iter().fold(0, |mask, it| mask << 1 | i32::from(*it))
    });
    assert_eq!(seen, 0b111_1111);
}

#[test]
#[cfg_attr(miri, ignore = "miri has no seccomp")]
fn threads_can_be_made_and_namespaces_cannot() {
    let calls =
        ["clone", "clone3", "set_robust_list", "rseq", "mprotect", "sched_getaffinity", "madvise"];
    let seen = in_child(|| {
        no_new_privileges().unwrap();
        restrict_calls(ENOUGH.iter().chain(&calls).copied(), &[]).unwrap();
        let made = |flags: i32| {
            #[expect(unsafe_code, reason = "no safe face for single calls")]
            // SAFETY: without flags that share anything this is fork; the child ends at once.
            let made = unsafe { libc::syscall(libc::SYS_clone, flags | libc::SIGCHLD, 0, 0, 0, 0) };
            if made == 0 {
                #[expect(unsafe_code, reason = "ends the child")]
                // SAFETY: takes a number and does not return.
                unsafe {
                    libc::_exit(0)
                }
            }
            Errno::result(made).map(drop)
        };
        #[expect(unsafe_code, reason = "no safe face for single calls")]
        // SAFETY: null and zero are no request at all.
        let third = unsafe { libc::syscall(libc::SYS_clone3, std::ptr::null::<u8>(), 0) };
        let third = Errno::result(third);
        let thread = std::thread::spawn(|| 7).join();
        let seen = [
            made(0) == Ok(()),
            made(libc::CLONE_NEWUSER) == Err(Errno::EPERM),
            made(libc::CLONE_NEWNET) == Err(Errno::EPERM),
            third == Err(Errno::ENOSYS),
            thread.is_ok_and(|it| it == 7),
        ];
        seen.iter().fold(0, |mask, it| mask << 1 | i32::from(*it))
    });
    assert_eq!(seen, 0b1_1111, "{seen:b}");
}

#[test]
#[cfg_attr(miri, ignore = "miri has no Landlock")]
fn only_what_is_granted_can_be_opened() {
    let folder = std::env::temp_dir().join(format!("fixpart-confine-{}", std::process::id()));
    for name in ["read", "write", "other"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
        std::fs::write(folder.join(name).join("file"), "x").unwrap();
    }
    let seen = in_child(|| {
        no_new_privileges().unwrap();
        let access = Access {
            read: vec![folder.join("read"), folder.join("nothing here")],
            write: vec![folder.join("write")],
            ..Access::default()
        };
        if restrict_files(&access).unwrap() == Enforced::Not {
            return 99;
        }
        let reads = |name: &str| std::fs::read(folder.join(name).join("file")).is_ok();
        let makes = |name: &str| std::fs::write(folder.join(name).join("new"), "x").is_ok();
        let seen = [
            reads("read"),
            reads("write"),
            reads("other"),
            makes("read"),
            makes("write"),
            makes("other"),
        ];
        seen.iter().fold(0, |mask, it| mask << 1 | i32::from(*it))
    });
    std::fs::remove_dir_all(&folder).unwrap();
    if seen == 99 {
        println!("skipped: this kernel has no Landlock");
        return;
    }
    assert_eq!(seen, 0b11_0010);
}

#[test]
#[cfg_attr(miri, ignore = "miri has no users")]
fn root_becomes_an_ordinary_user_with_one_capability_and_cannot_go_back() {
    if crate::own_uid() != 0 {
        println!("skipped: this user is not root");
        return;
    }
    let code = in_child(|| {
        become_user(709, &[10]).unwrap();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let has = |line: &str| status.lines().any(|it| it.split_whitespace().eq(line.split(' ')));
        let ok = has("Uid: 709 709 709 709")
            && has("Gid: 709 709 709 709")
            && has("Groups:")
            && has("CapEff: 0000000000000400")
            && has("CapPrm: 0000000000000400")
            && has("CapInh: 0000000000000000")
            && has("CapBnd: 0000000000000400")
            && has("CapAmb: 0000000000000000");
        let back = nix::unistd::setuid(Uid::from_raw(0)).is_ok();
        // The one that was kept works.
        let low = TcpListener::bind("127.0.0.1:1").is_ok();
        i32::from(ok) << 2 | i32::from(!back) << 1 | i32::from(low)
    });
    assert_eq!(code, 0b111);
}
