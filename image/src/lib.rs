//! Images of the appliance: slots, disks, and what virtual machines import.
//!
//! Needs neither root nor loop devices, and the same input gives the same bytes.
//! What others do well is theirs: mksquashfs, mke2fs, grub-mkimage, qemu-img.

pub mod error;
pub mod tool;

// disks and slots
pub mod disk;
pub mod ext4;
pub mod fat;
pub mod grub;
pub mod identity;
pub mod kernel;
pub mod layout;
pub mod make;
pub mod slot;
pub mod tree;

// what virtual machines import
pub mod command;
pub mod hash;
pub mod name;
pub mod ova;
pub mod ovf;
pub mod sbom;
pub mod vmdk;
