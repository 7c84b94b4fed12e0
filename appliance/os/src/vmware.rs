//! VMware's door for its guests: a port of the processor's that the hypervisor answers instead of a device.
//!
//! It has no published specification; numbers are those of the constants in open-vm-tools (`backdoor_def.h`,
//! `guest_msg_def.h`). Only one question is asked through it, in the slow way of four octets at a time: what the form
//! of the appliance said at its import. **Not tried on a real ESXi**; tried are the conversation against a hypervisor
//! of the test's own, and the instruction against QEMU, which knows the door and not this question.

use std::io;

/// The text of `guestinfo.ovfEnv`; `None` where there is none, or another hypervisor, or none at all.
///
/// # Errors
/// If the hypervisor is VMware's and does not answer.
pub fn environment() -> io::Result<Option<String>> {
    let vendor = std::fs::read_to_string("/sys/class/dmi/id/sys_vendor").unwrap_or_default();
    // Elsewhere the instruction would reach a device, or nothing.
    if vendor.trim() != "VMware, Inc." {
        return Ok(None);
    }
    port::open()?;
    ask(&mut port::call, QUESTION)
}

/// What goes through the door and comes back; the processor's registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Registers {
    ax: u32,
    bx: u32,
    cx: u32,
    dx: u32,
    si: u32,
    di: u32,
}

/// An open channel to the hypervisor.
struct Channel<'a> {
    call: &'a mut dyn FnMut(&mut Registers),
    number: u32,
    cookie: (u32, u32),
}

/// Asks one question; `None`: it has no answer.
fn ask(call: &mut dyn FnMut(&mut Registers), question: &str) -> io::Result<Option<String>> {
    let mut version = Registers { ax: MAGIC, cx: GET_VERSION, dx: PORT, ..Registers::default() };
    call(&mut version);
    if version.bx != MAGIC {
        return Err(io::Error::other("there is no such door"));
    }
    let mut channel = Channel::open(call)?;
    let answer = channel.ask(question);
    // It closes by itself after a while.
    let _ = channel.step(CLOSE, 0);
    let answer = answer?;
    // `1 VALUE`, or `0 REASON`.
    let value = answer.strip_prefix(b"1 ".as_slice());
    Ok(value.and_then(|value| String::from_utf8(value.to_vec()).ok()))
}

impl<'a> Channel<'a> {
    fn open(call: &'a mut dyn FnMut(&mut Registers)) -> io::Result<Self> {
        let mut channel = Channel { call, number: 0, cookie: (0, 0) };
        let opened = channel.step(OPEN, RPCI | WITH_COOKIE)?;
        channel.number = opened.dx >> 16;
        channel.cookie = (opened.si, opened.di);
        Ok(channel)
    }

    fn ask(&mut self, question: &str) -> io::Result<Vec<u8>> {
        self.step(SEND_SIZE, u32::try_from(question.len()).unwrap_or(0))?;
        for part in question.as_bytes().chunks(4) {
            let mut octets = [0; 4];
            octets.iter_mut().zip(part).for_each(|(place, octet)| *place = *octet);
            self.step(SEND_PART, u32::from_le_bytes(octets))?;
        }
        let size = self.step(RECEIVE_SIZE, 0)?;
        let length = usize::try_from(size.bx).ok().filter(|length| *length <= ANSWER_MAX);
        let length = length.ok_or_else(|| io::Error::other("its answer is too long"))?;
        let mut answer = Vec::with_capacity(length);
        while answer.len() < length {
            answer.extend(self.step(RECEIVE_PART, UNDERSTOOD)?.bx.to_le_bytes());
        }
        answer.truncate(length);
        self.step(RECEIVED, UNDERSTOOD)?;
        Ok(answer)
    }

    fn step(&mut self, step: u32, value: u32) -> io::Result<Registers> {
        let (si, di) = self.cookie;
        let dx = self.number << 16 | PORT;
        let mut registers =
            Registers { ax: MAGIC, bx: value, cx: step << 16 | MESSAGE, dx, si, di };
        (self.call)(&mut registers);
        if registers.cx & SUCCESS == 0 {
            return Err(io::Error::other(format!("step {step} of the conversation was refused")));
        }
        Ok(registers)
    }
}

#[cfg(target_arch = "x86_64")]
mod port {
    use super::{PORT, Registers};
    use nix::errno::Errno;
    use nix::libc;
    use std::arch::asm;
    use std::io;

    /// Four octets are read at once, and the processor wants to be allowed each of them.
    const WIDTH: libc::c_ulong = 4;

    /// Lets this process use the port.
    pub(super) fn open() -> io::Result<()> {
        #[expect(unsafe_code, reason = "ioperm has no safe face")]
        // SAFETY: takes numbers only; the ports are the hypervisor's, and no memory is reached through them.
        let opened = unsafe { libc::ioperm(libc::c_ulong::from(PORT), WIDTH, 1) };
        Errno::result(opened)?;
        Ok(())
    }

    /// Through the door and back.
    pub(super) fn call(registers: &mut Registers) {
        let (ax, bx, cx, dx): (u32, u64, u32, u32);
        let (si, di): (u32, u32);
        #[expect(unsafe_code, reason = "an instruction that no other has a face for")]
        // SAFETY: the hypervisor answers in these registers and reaches no memory of ours; `rbx`, which the compiler
        // keeps for itself, is put back. The stack is not used.
        unsafe {
            asm!(
                "xchg rbx, {bx}",
                "in eax, dx",
                "xchg rbx, {bx}",
                bx = inout(reg) u64::from(registers.bx) => bx,
                inout("eax") registers.ax => ax,
                inout("ecx") registers.cx => cx,
                inout("edx") registers.dx => dx,
                inout("esi") registers.si => si,
                inout("edi") registers.di => di,
                options(nostack),
            );
        }
        let [a, b, c, d, ..] = bx.to_le_bytes();
        *registers = Registers { ax, bx: u32::from_le_bytes([a, b, c, d]), cx, dx, si, di };
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod port {
    use super::Registers;
    use std::io;

    /// There is none on this processor.
    pub(super) fn open() -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Nothing.
    pub(super) fn call(_: &mut Registers) {}
}

const QUESTION: &str = "info-get guestinfo.ovfEnv";
const MAGIC: u32 = 0x564D_5868;
const PORT: u32 = 0x5658;
const GET_VERSION: u32 = 0x0A;
const MESSAGE: u32 = 0x1E;
const RPCI: u32 = 0x4943_5052;
const WITH_COOKIE: u32 = 0x8000_0000;
const SUCCESS: u32 = 0x0001_0000;
const UNDERSTOOD: u32 = 1;
const OPEN: u32 = 0;
const SEND_SIZE: u32 = 1;
const SEND_PART: u32 = 2;
const RECEIVE_SIZE: u32 = 3;
const RECEIVE_PART: u32 = 4;
const RECEIVED: u32 = 5;
const CLOSE: u32 = 6;
/// Whoever reads the environment takes no more.
const ANSWER_MAX: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// A hypervisor with one answer.
    #[derive(Default)]
    struct Hypervisor {
        answer: Vec<u8>,
        asked: Vec<u8>,
        left: usize,
        given: usize,
        /// Of all steps, the one that it refuses.
        refuses: Option<u32>,
        closed: bool,
    }

    impl Hypervisor {
        fn call(&mut self, registers: &mut Registers) {
            assert_eq!((registers.ax, registers.dx & 0xFFFF), (MAGIC, PORT));
            if registers.cx == GET_VERSION {
                registers.bx = MAGIC;
                return;
            }
            let step = registers.cx >> 16;
            assert_eq!(registers.cx & 0xFFFF, MESSAGE);
            if step != OPEN {
                assert_eq!((registers.dx >> 16, registers.si, registers.di), (3, 11, 12));
            }
            registers.cx = if self.refuses == Some(step) { 0 } else { SUCCESS };
            match step {
                OPEN => {
                    assert_eq!(registers.bx, 0xC943_5052);
                    (registers.dx, registers.si, registers.di) = (3 << 16, 11, 12);
                }
                SEND_SIZE => self.left = usize::try_from(registers.bx).unwrap(),
                SEND_PART => {
                    let part = registers.bx.to_le_bytes();
                    let length = self.left.min(4);
                    self.asked.extend(&part[..length]);
                    self.left -= length;
                }
                RECEIVE_SIZE => {
                    assert_eq!(self.asked, QUESTION.as_bytes());
                    registers.bx = u32::try_from(self.answer.len()).unwrap();
                }
                RECEIVE_PART => {
                    let rest = &self.answer[self.given.min(self.answer.len())..];
                    let mut part = [0; 4];
                    part.iter_mut().zip(rest).for_each(|(place, octet)| *place = *octet);
                    registers.bx = u32::from_le_bytes(part);
                    self.given += 4;
                }
                RECEIVED => assert!(self.given >= self.answer.len()),
                CLOSE => self.closed = true,
                _ => panic!("there is no step {step}"),
            }
        }
    }

    fn asked(hypervisor: &mut Hypervisor) -> io::Result<Option<String>> {
        ask(&mut |registers| hypervisor.call(registers), QUESTION)
    }

    #[test]
    fn the_answer_is_what_stands_behind_the_one() {
        for text in ["", "<Environment/>", "abc"] {
            let answer = format!("1 {text}").into_bytes();
            let mut hypervisor = Hypervisor { answer, ..Hypervisor::default() };
            assert_eq!(asked(&mut hypervisor).unwrap().as_deref(), Some(text));
            assert!(hypervisor.closed);
        }
        let answer = b"0 No value found".to_vec();
        let mut hypervisor = Hypervisor { answer, ..Hypervisor::default() };
        assert_eq!(asked(&mut hypervisor).unwrap(), None);
    }

    #[test]
    fn a_hypervisor_that_refuses_or_says_too_much_gives_nothing() {
        for step in OPEN..=RECEIVED {
            let answer = b"1 text".to_vec();
            let mut hypervisor =
                Hypervisor { answer, refuses: Some(step), ..Hypervisor::default() };
            assert!(asked(&mut hypervisor).is_err(), "{step}");
            assert_eq!(hypervisor.closed, step != OPEN);
        }
        let mut talker = Hypervisor { answer: vec![b'1'; ANSWER_MAX + 1], ..Hypervisor::default() };
        assert!(asked(&mut talker).is_err());
        assert!(ask(&mut |_| (), QUESTION).is_err(), "nobody is behind the door");
    }
}
