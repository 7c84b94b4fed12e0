//! System calls that need `unsafe` or the kernel's own words, behind safe faces.
//!
//! Nothing is decided here. Each `unsafe` block holds one call and says why it
//! is sound.

mod along;
pub mod block;
pub mod clock;
pub mod confine;
pub mod datagram;
pub mod group;
pub mod heard;
mod ioctl;
pub mod link;
pub mod machine;
pub mod mount;
pub mod mtd;
pub mod notify;
pub mod packet;
pub mod passed;
pub mod ports;
pub mod priority;
pub mod process;
pub mod ubi;
pub mod vmware;
pub mod watch;

/// The user this process acts as.
#[must_use]
pub fn own_uid() -> u32 {
    nix::unistd::geteuid().as_raw()
}
