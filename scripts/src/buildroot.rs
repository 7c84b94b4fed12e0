//! The tree for Buildroot: what can be known of it without a checkout, and with one (`BUILDROOT=DIR`).

pub(crate) mod fragment;
mod vendor;

pub(crate) use vendor::vendor;

use crate::rooms;
use crate::steps::{Steps, Verdict, command};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Makes all checks and ends with their tally.
pub(crate) fn report(words: &[String]) -> ExitCode {
    let mut steps = Steps::default();
    run(&rooms::root(), words == ["--nightly"], &mut steps);
    println!("{}", steps.tally);
    if steps.tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// All checks. The kernel's source is unpacked only where `nightly` is set or it is there already.
pub(crate) fn run(root: &Path, nightly: bool, steps: &mut Steps) {
    steps.step("Buildroot: symbols are those of the dated list", || verdict(symbols(root)));
    steps.step("Buildroot: files and version are those of the house", || verdict(files(root)));
    steps.step("Buildroot: kconfiglib reads our options", || options(root));
    for (arch, fragments) in fragment::KERNELS {
        for how in fragment::HOW {
            steps.step(&format!("kernel fragments, {arch}, {how}"), || {
                fragment::verdict(root, (arch, fragments, how), nightly)
            });
        }
    }
    let checkout = std::env::var_os("BUILDROOT").map(PathBuf::from);
    for board in BOARDS {
        steps.step(&format!("Buildroot: {board} in a checkout"), || match &checkout {
            Some(checkout) => verdict(in_checkout(root, checkout, board)),
            None => Verdict::Skipped("BUILDROOT=DIR names no checkout".into()),
        });
    }
}

/// What a check finds, or why it does not hold.
type Held = Result<String, String>;

fn verdict(held: Held) -> Verdict {
    match held {
        Ok(note) => Verdict::Passed(note),
        Err(reason) => Verdict::Failed(reason),
    }
}

/// Every symbol that the tree uses is in the list, and the list has no other.
fn symbols(root: &Path) -> Held {
    let list = read(&root.join(TREE).join("symbols.txt"))?;
    let listed: BTreeSet<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let mut used = BTreeSet::new();
    for file in tree(&root.join(TREE))? {
        if file.extension().is_none_or(|extension| extension != "txt" && extension != "md") {
            used.extend(symbols_in(&read(&file)?));
        }
    }
    let used: BTreeSet<&str> = used.iter().map(String::as_str).collect();
    let unknown: Vec<&&str> = used.difference(&listed).collect();
    let stale: Vec<&&str> = listed.difference(&used).collect();
    if unknown.is_empty() && stale.is_empty() {
        let source = list.lines().next().unwrap_or_default().trim_start_matches("# ");
        return Ok(format!("{} of {source}", used.len()));
    }
    Err(format!("not in symbols.txt: {unknown:?}; there, but not used: {stale:?}"))
}

/// Buildroot's symbols in a text, without those that are ours.
fn symbols_in(text: &str) -> BTreeSet<String> {
    let symbol = |octet: char| octet.is_ascii_alphanumeric() || octet == '_';
    let words = text.split(|octet| !symbol(octet));
    let foreign = words.filter(|word| word.starts_with("BR2_") && !OURS.contains(word));
    foreign.map(str::to_owned).collect()
}

/// What the tree names is there, and it builds the version of the workspace.
fn files(root: &Path) -> Held {
    let place = "$(BR2_EXTERNAL_FIXPART_PATH)/";
    let mut count = 0;
    for board in BOARDS {
        let config = read(&root.join(TREE).join(format!("configs/fixpart_{board}_defconfig")))?;
        for rest in config.split(place).skip(1) {
            let name = rest.split(['"', ' ', '\n']).next().unwrap_or_default();
            // Where downloads are kept comes into being with the first of them.
            if name != "dl" && !root.join(TREE).join(name).is_file() {
                return Err(format!("{board}: {name} is not there"));
            }
            count += 1;
        }
    }
    let package = read(&root.join(TREE).join("package/fixpart/fixpart.mk"))?;
    let version = env!("CARGO_PKG_VERSION");
    if !package.contains(&format!("\nFIXPART_VERSION = {version}\n")) {
        return Err(format!("fixpart.mk has another version than the workspace, {version}"));
    }
    for board in ["pc", "nand"] {
        let script = read(&root.join(TREE).join("board").join(board).join("post-image.sh"))?;
        let usage = read(&root.join("image/src/main.rs"))?;
        let options = script.split_whitespace().filter(|word| word.starts_with("--"));
        for option in options {
            if !usage.contains(&format!("{option} ")) {
                return Err(format!("{board}/post-image.sh: `image` knows no {option}"));
            }
            count += 1;
        }
    }
    Ok(format!("{count} files and options named"))
}

fn options(root: &Path) -> Verdict {
    let venv = root.join(VENV);
    let python = venv.join("bin/python");
    let works = || {
        let import = Command::new(&python).args(["-c", "import kconfiglib"]).output();
        import.is_ok_and(|output| output.status.success())
    };
    if !works() {
        let make = |program: &Path, words: &[&str]| {
            let mut install = Command::new(program);
            command(root, "kconfiglib", install.args(words)).is_ok_and(|done| done.well)
        };
        let folder = venv.display().to_string();
        let pip = ["-m", "pip", "install", "--quiet", KCONFIGLIB];
        if !(make(Path::new("python3"), &["-m", "venv", &folder]) && make(&python, &pip)) {
            return Verdict::Skipped("kconfiglib cannot be had here".into());
        }
    }
    let mut parse = Command::new(&python);
    parse.args(["-c", PARSE]).arg(root.join(TREE));
    match command(root, "kconfig", &mut parse) {
        Ok(done) if done.well => Verdict::Passed(done.out.trim().to_owned()),
        Ok(done) => Verdict::Failed(done.tail()),
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

/// Buildroot itself takes a configuration, drops nothing of it, and would build nothing but what is listed.
fn in_checkout(root: &Path, checkout: &Path, board: &str) -> Held {
    let out = root.join(".cache/buildroot").join(board);
    std::fs::create_dir_all(&out).map_err(|error| error.to_string())?;
    let config = format!("fixpart_{board}_defconfig");
    let word = |name: &str, path: &Path| {
        let mut word = OsString::from(format!("{name}="));
        word.push(path);
        word
    };
    let make = |target: &str| {
        let mut make = Command::new("make");
        make.args(["-s", "-C"]).arg(checkout);
        make.arg(word("BR2_EXTERNAL", &root.join(TREE))).arg(word("O", &out)).arg(target);
        call(root, &format!("buildroot-{board}"), &mut make)
    };
    make(&config)?;
    let mut check = Command::new("python3");
    check.arg(checkout.join("support/scripts/check-dotconfig.py")).arg(out.join(".config"));
    check.arg(root.join(TREE).join("configs").join(&config));
    call(root, &format!("buildroot-{board}-dotconfig"), &mut check)?;
    let info: serde_json::Value =
        serde_json::from_str(&make("show-info")?).map_err(|error| error.to_string())?;
    let packages = info.as_object().ok_or("show-info gives no object")?;
    let of_target = packages.iter().filter(|(_, package)| package["type"] == "target");
    let of_target: BTreeSet<&str> = of_target.map(|(name, _)| name.as_str()).collect();
    let boot = if board == "nand" { "uboot" } else { "grub2" };
    let expected: BTreeSet<&str> = PACKAGES.iter().copied().chain([boot]).collect();
    if of_target != expected {
        let (more, fewer) = (&of_target - &expected, &expected - &of_target);
        return Err(format!("builds also {more:?}, does not build {fewer:?}"));
    }
    let defined = defined(checkout)?;
    let list = read(&root.join(TREE).join("symbols.txt"))?;
    let gone = list.lines().find(|line| line.starts_with("BR2_") && !defined.contains(*line));
    match gone {
        Some(gone) => Err(format!("this checkout does not know {gone}")),
        None => Ok(format!("{} packages, {} for the target", packages.len(), of_target.len())),
    }
}

/// The symbols that a checkout defines, or sets for its own files.
fn defined(checkout: &Path) -> Result<BTreeSet<String>, String> {
    let mut defined: BTreeSet<String> = MADE_BY_MAKE.iter().map(ToString::to_string).collect();
    for file in tree(checkout)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("Config.in") && name != "Config.in.legacy" {
            let text = read(&file)?;
            let names = text.lines().filter_map(|line| {
                let line = line.trim();
                line.strip_prefix("config ").or_else(|| line.strip_prefix("menuconfig "))
            });
            defined.extend(names.map(|name| name.trim().to_owned()));
        }
    }
    Ok(defined)
}

fn call(root: &Path, name: &str, words: &mut Command) -> Held {
    match command(root, name, words) {
        Ok(done) if done.well => Ok(done.out),
        Ok(done) => Err(done.tail()),
        Err(error) => Err(error.to_string()),
    }
}

fn read(file: &Path) -> Held {
    let octets = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

/// The files in a folder, without what a build leaves there.
fn tree(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let kind = entry.file_type().map_err(failed)?;
        let left =
            ["dist", "dl", "output", ".git"].map(OsString::from).contains(&entry.file_name());
        if kind.is_dir() && !left {
            files.extend(tree(&path)?);
        } else if kind.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

const TREE: &str = "buildroot";
const BOARDS: [&str; 3] = ["x86_64", "aarch64", "nand"];
const VENV: &str = ".cache/kconfiglib";
const KCONFIGLIB: &str = "kconfiglib==14.1.0";
const PARSE: &str = include_str!("buildroot/parse.py");

/// Symbols that the tree defines or that Buildroot makes for it.
const OURS: &[&str] = &["BR2_EXTERNAL_FIXPART_PATH", "BR2_INIT_FIXPART", "BR2_PACKAGE_FIXPART"];
/// Variables that Buildroot's makefiles set, and that no Config.in defines.
const MADE_BY_MAKE: &[&str] = &["BR2_EXTERNAL"];

/// What is built for the target of every board. More would be something in the image that nobody has decided on.
const PACKAGES: &[&str] = &[
    "e2fsprogs",
    "fixpart",
    "linux",
    "musl-compat-headers",
    "skeleton",
    "skeleton-init-common",
    "skeleton-init-none",
    "toolchain",
    "toolchain-external",
    "toolchain-external-bootlin",
    "util-linux",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_keeps_its_own_rules() {
        symbols(&rooms::root()).unwrap();
        files(&rooms::root()).unwrap();
    }

    #[test]
    fn symbols_are_found_in_any_text_and_ours_are_not_foreign() {
        let text = "# BR2_A is not set\nBR2_B=\"$(BR2_EXTERNAL_FIXPART_PATH)/x\"\n depends on !BR2_C # XBR2_D";
        assert_eq!(symbols_in(text).into_iter().collect::<Vec<_>>(), ["BR2_A", "BR2_B", "BR2_C"]);
    }
}
