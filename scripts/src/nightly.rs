//! What takes longer than a change can wait for: fuzzing, benchmarks, a kernel built here, the appliance built twice.

use crate::image::{self, X86_64};
use crate::steps::{Steps, Verdict, command};
use std::path::Path;
use std::process::Command;

/// Takes all of them.
pub(crate) fn run(root: &Path, steps: &mut Steps) {
    for target in targets(root) {
        steps.step(&format!("fuzzing {target}"), || fuzz(root, &target));
    }
    steps.step("the first call through an image with the small kernel of a release", || {
        let source = crate::buildroot::fragment::source(root, true);
        match (source, crate::first_call::bootable()) {
            (Ok(Some(_)), Ok(())) => {
                crate::check::first_call(root, &["run", "--once", "--small-kernel"])
            }
            (Ok(None), _) => Verdict::Skipped(crate::buildroot::fragment::MISSING.into()),
            (Err(why), _) => Verdict::Failed(why),
            (_, Err(why)) => Verdict::Skipped(why),
        }
    });
    steps.step("the appliance is the same octets, whoever builds it and where", || {
        let here = image::fixed(root, X86_64, "appliance", &[]);
        match here.and_then(|here| Ok([here, image::elsewhere(root, X86_64)?])) {
            Ok(both) => match both.map(std::fs::read) {
                [Ok(here), Ok(there)] if here == there => Verdict::Passed(String::new()),
                [Ok(_), Ok(_)] => Verdict::Failed("they differ".into()),
                [Err(error), _] | [_, Err(error)] => Verdict::Failed(error.to_string()),
            },
            Err(error) => Verdict::Failed(error),
        }
    });
    steps.step("benchmarks", || {
        let words = ["bench", "--locked", "--workspace", "--benches"];
        match command(root, "benchmarks", Command::new("cargo").args(words)) {
            Ok(done) if done.well => {
                Verdict::Passed(format!("figures are in {}", done.log.display()))
            }
            Ok(done) => Verdict::Failed(done.tail()),
            Err(error) => Verdict::Failed(error.to_string()),
        }
    });
}

fn targets(root: &Path) -> Vec<String> {
    let folder = std::fs::read_dir(root.join(FUZZ).join("fuzz_targets"));
    let files = folder.into_iter().flatten().flatten().map(|entry| entry.path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

fn fuzz(root: &Path, target: &str) -> Verdict {
    let works = |words: &[&str]| {
        Command::new("cargo").args(words).output().is_ok_and(|output| output.status.success())
    };
    if !works(&["+nightly", "fuzz", "--version"]) {
        return Verdict::Skipped("fuzzing needs a nightly toolchain and cargo-fuzz".into());
    }
    let runs = format!("-runs={RUNS}");
    let words =
        ["+nightly", "fuzz", "run", "--fuzz-dir", FUZZ, target, "--", &runs, "-max_len=4096"];
    match command(root, &format!("fuzz-{target}"), Command::new("cargo").args(words)) {
        Ok(done) if done.well => Verdict::Passed(format!("{RUNS} inputs")),
        Ok(done) => Verdict::Failed(done.tail()),
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

/// Where the fuzz targets are.
const FUZZ: &str = "tests/fuzz";
/// A million inputs were run once for each; this is to see that nothing has broken since.
const RUNS: u32 = 100_000;
