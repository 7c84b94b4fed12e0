//! The tarball that Buildroot builds from: a commit and every foreign crate that it needs.

use crate::Outcome;
use crate::rooms;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Makes `buildroot/dist/fixpart-VERSION.tar.gz` of the last commit. The same commit gives the same tarball.
///
/// # Errors
/// When git, cargo or tar fails, or something is not committed.
pub(crate) fn vendor() -> Outcome {
    let root = rooms::root();
    let name = format!("fixpart-{}", env!("CARGO_PKG_VERSION"));
    let changed = said(Command::new("git").args(["status", "--porcelain"]).current_dir(&root))?;
    if !changed.is_empty() {
        return Err(
            format!("commit before: the tarball is made of the last commit\n{changed}").into()
        );
    }
    let time = said(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(&root))?;
    let work = root.join(".cache/vendor");
    let _ = std::fs::remove_dir_all(&work);
    let folder = work.join(&name);
    std::fs::create_dir_all(&folder)?;
    let archive = work.join("commit.tar");
    let mut git = Command::new("git");
    git.args(["archive", "--output"]).arg(&archive).arg("HEAD").current_dir(&root);
    well(&mut git)?;
    well(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&folder))?;
    let mut cargo = Command::new("cargo");
    cargo.args(["vendor", "--locked", "VENDOR"]).current_dir(&folder);
    let sources = said(&mut cargo)?;
    if !sources.contains("[source.") {
        return Err("cargo does not say how the foreign crates are found in VENDOR".into());
    }
    let mut config = File::options().append(true).open(folder.join(".cargo/config.toml"))?;
    writeln!(config, "\n{sources}")?;
    let out = root.join("buildroot/dist").join(format!("{name}.tar.gz"));
    std::fs::create_dir_all(root.join("buildroot/dist"))?;
    pack(&work, &name, (time.trim(), &out))?;
    println!("{}", out.display());
    Ok(())
}

/// Nothing of this machine and of this hour goes into it.
fn pack(work: &Path, name: &str, (time, out): (&str, &Path)) -> Outcome {
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=ustar"]);
    tar.arg("--mode=go=rX,u+rw,a-s").arg(format!("--mtime=@{time}")).arg("-C").arg(work);
    let mut tar = tar.args(["-cf", "-", name]).stdout(Stdio::piped()).spawn()?;
    let stream = tar.stdout.take().ok_or("tar has no output")?;
    well(Command::new("gzip").arg("-n").stdin(stream).stdout(File::create(out)?))?;
    if !tar.wait()?.success() {
        return Err("tar failed".into());
    }
    Ok(())
}

fn well(command: &mut Command) -> Outcome {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed").into()) }
}

fn said(command: &mut Command) -> Result<String, Box<dyn std::error::Error>> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed").into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
