//! Slots A, B and recovery, and which of them boots.
//!
//! The appliance has two slots with a whole system each, and a small third one to repair it with. [`bootstate`] is
//! what the boot loader, PID 1 and the image tool share; [`gpt`] and [`template`] are what a first boot and a factory
//! reset write. Nothing here reads or writes a disk.

pub mod bootstate;
pub mod gpt;
pub mod template;
