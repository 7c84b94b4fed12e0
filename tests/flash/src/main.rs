//! Boots a kernel with simulated NAND in QEMU, and tells what its PID 1, the package `flash-init`, has found out there.
//!
//! The chip is the one of the boards with NAND (256 MiB, pages of 2 KiB), with a block that was bad at the factory,
//! one that cannot be erased, a page that cannot be written and one that loses what it holds.

use image::kernel::Kernel;
use image::tree::{Node, Tree};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Why nothing can be told.
type Wrong = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match told() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("flash: {error}");
            eprintln!("usage: flash --init FILE --kernel DEB|DIR");
            ExitCode::from(2)
        }
    }
}

fn told() -> Result<ExitCode, Wrong> {
    let (mut init, mut kernel) = (PathBuf::new(), PathBuf::new());
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            lexopt::Arg::Long("init") => init = words.value()?.into(),
            lexopt::Arg::Long("kernel") => kernel = words.value()?.into(),
            other => return Err(other.unexpected().into()),
        }
    }
    let work = tempfile::tempdir()?;
    let kernel = Kernel::open(&kernel, work.path())?;
    let missing = MODULES.iter().find(|(name, _)| !kernel.has(name));
    if let Some((name, _)) = missing {
        println!("this kernel has no {name}");
        println!("0 passed, 0 failed, {PASSES} skipped");
        return Ok(ExitCode::SUCCESS);
    }
    let [vmlinuz, initrd] = ["vmlinuz", "initrd"].map(|name| work.path().join(name));
    std::fs::write(&vmlinuz, &kernel.vmlinuz)?;
    std::fs::write(&initrd, initramfs(&init, &kernel)?.cpio())?;
    let (passed, failed) = watch(&vmlinuz, &initrd)?;
    println!("{passed} passed, {failed} failed, 0 skipped");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The program, and the modules in their order, each with its parameters.
fn initramfs(init: &Path, kernel: &Kernel) -> Result<Tree, Wrong> {
    let mut tree = Tree::default();
    tree.put("init", Node::Program(std::fs::read(init)?));
    let names: Vec<&str> = MODULES.iter().map(|(name, _)| *name).collect();
    let mut order = String::new();
    for module in kernel.order(&names)? {
        let words = MODULES.iter().find(|(name, _)| module.file == format!("{name}.ko"));
        let _ = writeln!(order, "{} {}", module.file, words.map_or("", |(_, words)| words));
        tree.put(&format!("modules/{}", module.file), Node::File(module.bytes));
    }
    tree.put("modules/order", Node::File(order.into_bytes()));
    Ok(tree)
}

/// Runs it to its end, and prints and counts its verdicts.
fn watch(vmlinuz: &Path, initrd: &Path) -> Result<(u64, u64), Wrong> {
    let mut qemu = Power(qemu(vmlinuz, initrd).spawn()?);
    let serial = qemu.0.stdout.take().ok_or("QEMU has no output")?;
    let (tell, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(serial).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    let (mut passed, mut failed, mut ended) = (0, 0, false);
    let (began, mut all) = (Instant::now(), Vec::new());
    loop {
        let left = PATIENCE.saturating_sub(began.elapsed());
        let line = match lines.recv_timeout(left) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => return Err(hung(&all).into()),
        };
        if let Some(verdict) = line.strip_prefix("flash: ") {
            let seconds = began.elapsed().as_secs_f64();
            match verdict.split_once(' ') {
                Some(("ok", _)) => passed += 1,
                Some(("FAILED", _)) => failed += 1,
                _ => ended |= verdict == "end",
            }
            if verdict != "end" {
                println!("{seconds:7.1} s  {verdict}");
            }
        }
        all.push(line);
    }
    if !ended || passed + failed != PASSES {
        return Err(hung(&all).into());
    }
    if failed > 0 {
        eprintln!("{}", tail(&all));
    }
    Ok((passed, failed))
}

fn hung(all: &[String]) -> String {
    format!("it did not come to its end; so far:\n{}", tail(all))
}

fn tail(all: &[String]) -> String {
    all[all.len().saturating_sub(TAIL)..].join("\n")
}

fn qemu(vmlinuz: &Path, initrd: &Path) -> Command {
    // It is not to outlive us.
    let mut qemu = Command::new("setpriv");
    qemu.args(["--pdeathsig", "KILL", "qemu-system-x86_64"]);
    let kvm = std::env::var_os("FIXPART_KVM").is_some_and(|word| word == "1");
    qemu.args(["-accel", if kvm { "kvm" } else { "tcg" }, "-nodefaults", "-no-user-config"]);
    qemu.args(["-display", "none", "-serial", "stdio", "-no-reboot", "-m", "512"]);
    qemu.arg("-kernel").arg(vmlinuz).arg("-initrd").arg(initrd);
    // A kernel that panics ends the machine.
    qemu.args(["-append", "console=ttyS0 loglevel=4 panic=-1"]);
    qemu.stdin(Stdio::null()).stdout(Stdio::piped());
    qemu
}

/// A machine that loses its power with this.
struct Power(Child);

impl Drop for Power {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is loaded, and with which words. The chip's identity is a maker's for 256 MiB in pages of 2 KiB; the blocks
/// and pages that fail are those that `flash-init` knows of, each from the first time on.
const MODULES: &[(&str, &str)] = &[
    (
        "nandsim",
        "first_id_byte=0x20 second_id_byte=0xda third_id_byte=0x00 fourth_id_byte=0x15 \
         badblocks=5 weakblocks=9:0 weakpages=1300:0 gravepages=1400:1",
    ),
    ("ubi", ""),
];

/// Verdicts of a whole run.
const PASSES: u64 = 18;
/// A run under emulation takes seconds; on a machine that has other things to do, more.
const PATIENCE: Duration = Duration::from_mins(10);
/// Lines that are shown of what fails.
const TAIL: usize = 40;
