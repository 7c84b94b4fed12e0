//! The OVA before foreign judges: QEMU and libvmdk read its disk, xmllint its description, tar its archive.

use crate::rooms;
use crate::steps::{Steps, Verdict, command};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Makes all checks and ends with their tally.
pub(crate) fn report() -> ExitCode {
    let mut steps = Steps::default();
    run(&rooms::root(), &mut steps);
    println!("{}", steps.tally);
    if steps.tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// All checks, on a disk of 4 GiB of which little is in use.
pub(crate) fn run(root: &Path, steps: &mut Steps) {
    let judge = Judge { root, work: root.join(".cache/ova") };
    let made = steps.step("OVA: two of one disk, in different folders, are the same", || {
        verdict(judge.make_twice())
    });
    if !made {
        return;
    }
    let [ovf, vmdk] = ["ovf", "vmdk"].map(|ending| format!("{NAME}.{ending}"));
    let program = rooms::program("image").unwrap_or_default();
    let image = program.display().to_string();
    steps.step("OVA: holds what it says", || judge.asks(&image, &["check", "one/a.ova"], "good"));
    steps.step("OVA: tar reads it, the description first", || {
        let read = judge.asks(
            "tar",
            &["-xvf", "one/a.ova"],
            &format!("{NAME}.ovf\n{NAME}.mf\n{NAME}.vmdk"),
        );
        if matches!(read, Verdict::Passed(_)) {
            judge.asks("sha256sum", &["-c", "sums"], &vmdk)
        } else {
            read
        }
    });
    steps.step("OVA: the description is XML", || judge.asks("xmllint", &["--noout", &ovf], ""));
    steps.step("OVA: QEMU finds no error in the disk", || {
        judge.asks("qemu-img", &["check", "-f", "vmdk", &vmdk], "No errors")
    });
    steps.step("OVA: QEMU finds the disk identical", || {
        let words = ["compare", "-f", "raw", "-F", "vmdk", "disk.img", &vmdk];
        judge.asks("qemu-img", &words, "identical")
    });
    steps.step("OVA: libvmdk reads the disk", || {
        judge.asks("vmdkinfo", &[&vmdk], "4294967296 bytes")
    });
}

/// Where the judges sit.
struct Judge<'root> {
    root: &'root Path,
    work: PathBuf,
}

impl Judge<'_> {
    fn make_twice(&self) -> Result<String, String> {
        let failed = |error: std::io::Error| error.to_string();
        let _ = std::fs::remove_dir_all(&self.work);
        let program = rooms::program("image").map_err(failed)?;
        let mut made = Vec::new();
        for folder in ["one", "another"].map(|folder| self.work.join(folder)) {
            std::fs::create_dir_all(&folder).map_err(failed)?;
            let disk = self.work.join("disk.img");
            fill(&disk).map_err(failed)?;
            let mut image = Command::new(&program);
            image.args(["ova", "--name", NAME, "--version", env!("CARGO_PKG_VERSION")]);
            image.arg(&disk).arg(folder.join("a.ova"));
            let done = command(self.root, "ova", &mut image).map_err(failed)?;
            if !done.well {
                return Err(done.tail());
            }
            made.push(std::fs::read(folder.join("a.ova")).map_err(failed)?);
        }
        if made[0] != made[1] {
            return Err(format!("they differ; see {}", self.work.display()));
        }
        // The manifest, in the words of sha256sum.
        let sums = format!(
            "sed -n 's/SHA256(\\(.*\\))= \\(.*\\)/\\2  \\1/p' <<E >sums\n$(tar -xOf one/a.ova {NAME}.mf)\nE"
        );
        let mut shell = Command::new("sh");
        let done = shell.args(["-c", &sums]).current_dir(&self.work).status().map_err(failed)?;
        if !done.success() {
            return Err("there is no manifest in it".into());
        }
        Ok(format!("{} octets", made[0].len()))
    }

    /// Passed when the program ends well and says so.
    fn asks(&self, program: &str, words: &[&str], says: &str) -> Verdict {
        let output = Command::new(program).args(words).current_dir(&self.work).output();
        let output = match output {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Verdict::Skipped(format!("{program} is not here"));
            }
            Err(error) => return Verdict::Failed(error.to_string()),
        };
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() && said.contains(says) {
            return Verdict::Passed(String::new());
        }
        Verdict::Failed(format!("{said}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// Something at the beginning, in the middle, across a boundary of grains, and at the very end.
fn fill(disk: &Path) -> std::io::Result<()> {
    const GRAIN: u64 = 0x1_0000;
    let disk = File::create(disk)?;
    disk.set_len(SIZE)?;
    let mut state = 1_u64;
    for at in [0, 5 << 20, (32 << 20) - GRAIN, 3 << 30, SIZE - GRAIN] {
        let step = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        };
        let mut noise: Vec<u8> = (0..GRAIN).map(step).collect();
        // The second half compresses.
        noise[0x8000..].fill(7);
        disk.write_all_at(&noise, at)?;
        if at + 2 * GRAIN <= SIZE {
            disk.write_all_at(b"the next grain", at + GRAIN)?;
        }
    }
    Ok(())
}

fn verdict(held: Result<String, String>) -> Verdict {
    match held {
        Ok(note) => Verdict::Passed(note),
        Err(reason) => Verdict::Failed(reason),
    }
}

const NAME: &str = "fixpart-test-x86_64";
const SIZE: u64 = 4 << 30;
