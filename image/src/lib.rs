//! Images of the appliance: slots, disks, and what virtual machines import.
//!
//! Needs neither root nor loop devices, and the same input gives the same bytes.
//! What others do well is theirs: mksquashfs, mke2fs, grub-mkimage, qemu-img.

// disks and slots

// what virtual machines import
