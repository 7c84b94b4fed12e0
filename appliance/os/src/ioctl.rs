//! Calls to device drivers whose number and argument belong together.

use nix::libc;
use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::os::fd::AsRawFd as _;

/// A call and the type of what it points to, which holds plain numbers only.
pub(crate) struct Call<T> {
    number: u32,
    argument: PhantomData<fn(T)>,
}

impl<T> Call<T> {
    /// The kernel reads the argument, and may change it.
    pub(crate) const fn takes(group: u8, number: u8) -> Self {
        Self { number: code(1, size_of::<T>(), group, number), argument: PhantomData }
    }

    /// The kernel fills the argument.
    pub(crate) const fn fills(group: u8, number: u8) -> Self {
        Self { number: code(2, size_of::<T>(), group, number), argument: PhantomData }
    }

    /// As the kernel's headers have it.
    #[cfg(test)]
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Makes the call; gives its result, which is not negative.
    pub(crate) fn on(&self, device: &File, argument: &mut T) -> io::Result<i32> {
        #[expect(unsafe_code, reason = "no safe face for foreign drivers")]
        // SAFETY: the size of `T` is part of the number, so the driver touches no more than `T`, which outlives the
        // call; the calls are constants of this crate and their types hold numbers for which every bit pattern is one.
        let result = unsafe {
            libc::ioctl(device.as_raw_fd(), self.number.into(), std::ptr::from_mut(argument))
        };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
    }
}

/// `_IOC` of the kernel, for x86 and ARM.
const fn code(direction: u32, size: usize, group: u8, number: u8) -> u32 {
    assert!(size < 1 << 14, "the number has no room for the size");
    #[expect(clippy::cast_possible_truncation, reason = "checked in the line above")]
    let size = size as u32;
    direction << 30 | size << 16 | (group as u32) << 8 | number as u32
}
