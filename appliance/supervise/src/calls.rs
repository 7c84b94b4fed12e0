//! What roles may ask of the kernel: names of system calls, in groups.
//!
//! A call that is in none of a role's groups ends the role. The names are
//! those of `asm/unistd.h`; one that an architecture lacks is passed over.
//! Nobody may execute a program, trace, mount, load modules or make
//! namespaces once it is confined.

/// What every process needs that has memory, time and open descriptors, and what Rust's own start and
/// abort need.
pub const BASE: &[&str] = &[
    // descriptors
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "close",
    "fcntl",
    "dup",
    "dup2",
    "dup3",
    "fstat",
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "lseek",
    "ioctl",
    "poll",
    "ppoll",
    // memory
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "brk",
    // time
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    // signals, the end
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "restart_syscall",
    "exit",
    "exit_group",
    "kill",
    "tkill",
    "tgkill",
    // threads
    "futex",
    "futex_waitv",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "sched_yield",
    "sched_getaffinity",
    "gettid",
    "getpid",
    "getppid",
    "membarrier",
    "arch_prctl",
    // who and how much
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "getrandom",
    "uname",
    "sysinfo",
    "getrusage",
    "prlimit64",
    "prctl",
    "getcpu",
    // finding out whether a file is there is answered by the mount namespace and by Landlock
    "openat",
    "open",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getcwd",
    // Unix sockets: the bus, sd_notify, the log
    "socket",
    "socketpair",
    "connect",
    "sendto",
    "sendmsg",
    "recvfrom",
    "recvmsg",
    "shutdown",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    "memfd_create",
];

/// The runtime: its reactor, its threads, its signals.
pub const TOKIO: &[&str] = &[
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd2",
    "timerfd_create",
    "timerfd_settime",
    "pipe2",
    "clone",
    "clone3",
    "accept4",
    "accept",
    "getdents64",
];

/// Sockets that serve others, and many datagrams in one call.
pub const NETWORK: &[&str] = &["bind", "listen", "recvmmsg", "sendmmsg"];

/// Threads that run before others.
pub const REAL_TIME: &[&str] = &[
    "sched_setscheduler",
    "sched_getscheduler",
    "sched_setattr",
    "setpriority",
    "sched_setaffinity",
];

/// The clock, set and slewed.
pub const CLOCK: &[&str] = &["clock_adjtime", "clock_settime"];

/// Files that are kept: made, flushed, replaced.
pub const FILES: &[&str] = &[
    "fsync",
    "fdatasync",
    "ftruncate",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "chmod",
    "fchmod",
    "fchmodat",
    "flock",
    "fallocate",
    "umask",
    "statfs",
    "fstatfs",
    "copy_file_range",
    "sendfile",
    "link",
    "linkat",
];
