//! Every story in `tests/scenarios` is played and compared with its golden trace.
//!
//! `UPDATE=1 cargo test -p sim --test scenarios` rewrites the traces; read the difference before you keep it.
//! `STORY=name` plays one story only.

use sim::world::story::Story;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_story_goes_as_its_trace_tells() {
    let (update, only) = (std::env::var_os("UPDATE").is_some(), std::env::var("STORY").ok());
    let mut wrong = Vec::new();
    let mut played = 0;
    for path in stories() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        played += 1;
        if let Err(what) = played_as_told(&path, update) {
            wrong.push(format!("== {name}: {what}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {played} stories:\n{}", wrong.len(), wrong.join("\n"));
    assert!(only.is_some() || played >= 40, "only {played} stories");
}

fn played_as_told(path: &Path, update: bool) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let story = Story::read(&text)?;
    let played = story.play()?;
    let golden = path.with_extension("trace");
    if update {
        fs::write(&golden, &played).map_err(|error| error.to_string())?;
    }
    let told = fs::read_to_string(&golden).map_err(|error| format!("no trace: {error}"))?;
    match told.lines().zip(played.lines()).position(|(told, played)| told != played) {
        Some(place) => {
            let line = |text: &str| text.lines().nth(place).unwrap_or_default().to_owned();
            Err(format!("line {}:\n- {}\n+ {}", place + 1, line(&told), line(&played)))
        }
        None if told.lines().count() != played.lines().count() => {
            Err(format!("{} lines became {}", told.lines().count(), played.lines().count()))
        }
        None => Ok(()),
    }
}

fn stories() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = fs::read_dir(folder).expect("the folder of the stories");
    let files = files.filter_map(Result::ok).map(|entry| entry.path());
    let mut stories: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|it| it == "scn")).collect();
    stories.sort();
    stories
}
