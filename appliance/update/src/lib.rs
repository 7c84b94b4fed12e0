//! Slots A, B and recovery, and which of them boots.
//!
//! The appliance has two slots with a whole system each, and a small third one to repair it with. This room decides;
//! [`bootstate`] is what the boot loader, PID 1 and the image tool share. Nothing here reads or writes a disk.

pub mod bootstate;
pub mod gpt;
