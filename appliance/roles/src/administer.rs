//! What a command asks of the role `conf` of the running server.

use crate::client::{ClientError, Server, ask};
use bus::conf1::{Author, Generation, Outcome, Row, ServiceProxy, Standing};
use std::sync::Arc;

/// The settings as a file and their generation; it holds the secrets in clear.
///
/// # Errors
/// [`ClientError`].
pub fn settings(server: &Server) -> Result<(u64, String), ClientError> {
    ask(server, ROLE, async |connection| ServiceProxy::new(connection).await?.settings().await)
}

/// All users with their handsets, by name; they hold their passwords.
///
/// # Errors
/// [`ClientError`].
pub fn users(server: &Server) -> Result<Vec<Row>, ClientError> {
    let news =
        ask(server, ROLE, async |connection| ServiceProxy::new(connection).await?.users(0).await)?;
    Ok(news.put.into_iter().map(Arc::unwrap_or_clone).collect())
}

/// The user of this name; it holds its password.
///
/// # Errors
/// [`ClientError`].
pub fn user(server: &Server, name: &str) -> Result<Option<Row>, ClientError> {
    let name = name.to_owned();
    let ask =
        ask(server, ROLE, async |connection| ServiceProxy::new(connection).await?.user(name).await);
    Ok(ask?.pop())
}

/// Puts the settings of a file in the place of those there are.
///
/// # Errors
/// [`ClientError`]; refused with everything that is wrong with the file.
pub fn import_settings(
    server: &Server,
    author: &Author,
    name: &str,
    file: Vec<u8>,
) -> Result<Outcome, ClientError> {
    let (author, name) = (author.clone(), name.to_owned());
    ask(server, ROLE, async |connection| {
        ServiceProxy::new(connection).await?.import_settings(author, name, file.into()).await
    })
}

/// Puts the users of a file in the place of those there are.
///
/// # Errors
/// [`ClientError`]; refused with everything that is wrong with the file.
pub fn import_users(
    server: &Server,
    author: &Author,
    name: &str,
    file: Vec<u8>,
) -> Result<Outcome, ClientError> {
    let (author, name) = (author.clone(), name.to_owned());
    ask(server, ROLE, async |connection| {
        ServiceProxy::new(connection).await?.import_users(author, name, file.into()).await
    })
}

/// Sets these, by dotted path; an empty text takes a setting back to its default.
///
/// # Errors
/// [`ClientError`]; refused with what was expected.
pub fn set(
    server: &Server,
    author: &Author,
    values: Vec<(String, String)>,
) -> Result<Outcome, ClientError> {
    let author = author.clone();
    ask(server, ROLE, async |connection| {
        ServiceProxy::new(connection).await?.set(author, values).await
    })
}

/// Puts these users beside or in the place of those there are, and removes these.
///
/// # Errors
/// [`ClientError`]; refused with what was expected.
pub fn change_users(
    server: &Server,
    author: &Author,
    put: Vec<Row>,
    removed: Vec<String>,
) -> Result<Outcome, ClientError> {
    let author = author.clone();
    ask(server, ROLE, async |connection| {
        ServiceProxy::new(connection).await?.change_users(author, put, removed).await
    })
}

/// The settings as a file; `guide`: without what only this product knows.
///
/// # Errors
/// [`ClientError`].
pub fn export_settings(server: &Server, guide: bool) -> Result<String, ClientError> {
    ask(server, ROLE, async |connection| {
        ServiceProxy::new(connection).await?.export_settings(guide).await
    })
}

/// The users as a file.
///
/// # Errors
/// [`ClientError`].
pub fn export_users(server: &Server) -> Result<String, ClientError> {
    ask(server, ROLE, async |connection| ServiceProxy::new(connection).await?.export_users().await)
}

/// So many of the last generations, the newest first.
///
/// # Errors
/// [`ClientError`].
pub fn history(server: &Server, limit: u32) -> Result<Vec<Generation>, ClientError> {
    ask(server, ROLE, async |connection| ServiceProxy::new(connection).await?.history(limit).await)
}

/// Makes what was in force with this generation a new one.
///
/// # Errors
/// [`ClientError`]; refused where it is too old.
pub fn undo(server: &Server, author: &Author, to: u64) -> Result<Outcome, ClientError> {
    let author = author.clone();
    ask(server, ROLE, async |connection| {
        ServiceProxy::new(connection).await?.undo(author, to).await
    })
}

/// What is on trial stays.
///
/// # Errors
/// [`ClientError`]; refused where nothing is.
pub fn confirm(server: &Server, author: &Author) -> Result<Outcome, ClientError> {
    let author = author.clone();
    ask(server, ROLE, async |connection| ServiceProxy::new(connection).await?.confirm(author).await)
}

/// Which generation is in force, and whether it is on trial.
///
/// # Errors
/// [`ClientError`].
pub fn standing(server: &Server) -> Result<Standing, ClientError> {
    ask(server, ROLE, async |connection| ServiceProxy::new(connection).await?.standing().await)
}

const ROLE: &str = "conf";
