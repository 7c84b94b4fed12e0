//! `appliance users check` and `convert`: files of users, without a server.

use config::model;
use config::users::{BadMapping, Form, Source, Users};
use lexopt::{Arg, Parser, ValueExt};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

/// What is to be done with a file of users.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    task: Task,
    source: Source,
    file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    /// Say whether it can be imported, and what there is to know of it.
    Check,
    /// Write it to standard output in another form.
    Convert(Form),
}

/// Reads the words after `users`.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn parse(mut parser: Parser) -> Result<Wish, lexopt::Error> {
    let (mut words, mut source, mut to) = (Vec::new(), Source::default(), None);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("to") => to = Some(form(&parser.value()?.string()?)?),
            Arg::Long("form") => source.form = Some(form(&parser.value()?.string()?)?),
            Arg::Long("model") => source.model = model(&parser.value()?.string()?)?,
            Arg::Long("map") => {
                let mapping = parser.value()?.string()?.parse();
                source.mapping = mapping.map_err(|error: BadMapping| format!("--map: {error}"))?;
            }
            Arg::Value(word) => words.push(word),
            other => return Err(other.unexpected()),
        }
    }
    let [task, file] = <[_; 2]>::try_from(words).map_err(|_| EXPECTED)?;
    let task = match (task.to_str(), to) {
        (Some("check"), None) => Task::Check,
        (Some("convert"), None | Some(Form::Xml)) => Task::Convert(Form::Xml),
        (Some("convert"), Some(Form::Csv)) => Task::Convert(Form::Csv),
        (Some("convert"), Some(Form::Webex)) => {
            return Err("--to: expected xml or csv".into());
        }
        _ => return Err(EXPECTED.into()),
    };
    Ok(Wish { task, source, file: file.into() })
}

fn form(name: &str) -> Result<Form, lexopt::Error> {
    Form::named(name).ok_or_else(|| format!("{name:?}: expected xml, csv or webex").into())
}

fn model(name: &str) -> Result<&'static model::Model, lexopt::Error> {
    let names = || model::MODELS.iter().map(|model| model.name).collect::<Vec<_>>().join(", ");
    model::find(name).ok_or_else(|| format!("--model: expected one of {}", names()).into())
}

/// Does it.
///
/// # Errors
/// Everything that is wrong with the file; nothing was written then.
pub(crate) fn obey(wish: &Wish) -> Result<(), String> {
    let name = wish.file.display().to_string();
    let failed = |error: io::Error| format!("cannot read {name}: {error}");
    let mut octets = Vec::new();
    let file = std::fs::File::open(&wish.file).map_err(failed)?;
    file.take(FILE_MAX).read_to_end(&mut octets).map_err(failed)?;
    let (users, notices) =
        Users::read_any(&wish.source, &name, &octets).map_err(|flaws| flaws.to_string())?;
    let lines = notices.iter().map(|notice| notice.of(&name) + "\n");
    match wish.task {
        Task::Check => print(&lines.chain([count(&name, &users)]).collect::<String>()),
        Task::Convert(to) => {
            lines.for_each(|line| eprint!("{line}"));
            if to == Form::Csv && !(users.devices.is_empty() && users.unknown.is_empty()) {
                eprintln!("{name}: what is no user is left out, since a table has no place for it");
            }
            print(&if to == Form::Csv { users.write_csv() } else { users.write() })
        }
    }
}

fn count(name: &str, users: &Users) -> String {
    let nobody = match users.devices.len() {
        0 => String::new(),
        count => format!(" and {count} handset(s) of nobody"),
    };
    format!("{name}: {} user(s){nobody}; it can be imported\n", users.users.len())
}

fn print(text: &str) -> Result<(), String> {
    io::stdout().write_all(text.as_bytes()).map_err(|error| format!("cannot write: {error}"))
}

/// How it is used.
pub(crate) const USAGE: &str = "  \
  users check [--form xml|csv|webex] [--model M] [--map COLUMN=FIELD,...] FILE
                                                   whether a file of users can be imported, and what there is to know
  users convert [--to xml|csv] [--form F] [--map COLUMN=FIELD,...] FILE
                                                   the users of a file as users.xml or as a table, with their passwords";

const EXPECTED: &str = "expected: users check FILE, or users convert [--to xml|csv] FILE";
/// One more octet than is read, so that a larger file is refused and not cut.
const FILE_MAX: u64 = (20 << 20) + 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Wish, String> {
        parse(Parser::from_args(line.split(' '))).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_checked_or_converted_for_a_model_in_a_form() {
        let source = Source { model: model::M200, form: Some(Form::Csv), ..Source::default() };
        let wish = Wish { task: Task::Check, source, file: "f".into() };
        assert_eq!(read("check --form csv --model 200 f"), Ok(wish));
        let source = Source { mapping: "a=username".parse().expect("one"), ..Source::default() };
        let wish = Wish { task: Task::Convert(Form::Csv), source, file: "f".into() };
        assert_eq!(read("convert f --to csv --map a=username"), Ok(wish));
        for (line, expected) in [
            ("check", "expected: users check FILE"),
            ("check a b", "expected: users check FILE"),
            ("fly f", "expected: users check FILE"),
            ("check --to csv f", "expected: users check FILE"),
            ("convert --to webex f", "--to: expected xml or csv"),
            ("check --model 9000 f", "--model: expected one of 200, 400, 6500, one, xl"),
            ("check --form morse f", "expected xml, csv or webex"),
            ("check --map a=shoe f", "--map: there is no field \"shoe\""),
        ] {
            let why = read(line).expect_err("it is wrong");
            assert!(why.contains(expected), "{line}: {why}");
        }
    }
}
