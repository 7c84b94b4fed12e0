//! The supervisor at the other end of a role's control socket.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram as Pair;
use std::time::Duration;
use supervise::control::{Answer, RECORD, Record, Request, View};
use tokio::net::UnixDatagram;
use tokio::time::timeout;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// The socket cannot be used.
    #[error("the control socket cannot be used")]
    Socket(#[from] io::Error),
    /// The supervisor has gone, or says what this version does not know.
    #[error("the supervisor does not answer on the control socket")]
    Silent,
}

/// The supervisor, to be asked one thing after the other.
pub(crate) struct Supervisor(UnixDatagram);

impl Supervisor {
    pub(crate) fn new(control: OwnedFd) -> io::Result<Self> {
        let control = Pair::from(control);
        control.set_nonblocking(true)?;
        Ok(Self(UnixDatagram::from_std(control)?))
    }

    /// Asks for what has one answer.
    pub(crate) async fn ask(&self, request: &Request) -> Result<Answer, SupervisorError> {
        self.send(request).await?;
        self.answer().await
    }

    /// How the roles fare.
    pub(crate) async fn roles(&self) -> Result<Vec<View>, SupervisorError> {
        self.send(&Request::Status).await?;
        let mut roles = Vec::new();
        for _ in 0..ROLES_MAX {
            let Answer::Role(view) = self.answer().await? else { return Ok(roles) };
            roles.push(view);
        }
        Err(SupervisorError::Silent)
    }

    async fn send(&self, request: &Request) -> Result<(), SupervisorError> {
        // Answers that came too late, or that an earlier process of this role has not taken.
        while self.0.try_recv(&mut [0; RECORD]).is_ok() {}
        let record = request.encode();
        match timeout(PATIENCE, self.0.send(&record)).await {
            Ok(sent) => Ok(sent.map(drop)?),
            Err(_) => Err(SupervisorError::Silent),
        }
    }

    async fn answer(&self) -> Result<Answer, SupervisorError> {
        let mut record: Record = [0; RECORD];
        let length = timeout(PATIENCE, self.0.recv(&mut record)).await;
        let length = length.map_err(|_| SupervisorError::Silent)??;
        let answer = (length == RECORD).then(|| Answer::decode(&record)).flatten();
        answer.ok_or(SupervisorError::Silent)
    }
}

/// The supervisor answers in one turn of its loop.
const PATIENCE: Duration = Duration::from_secs(3);
/// More than the table will ever have.
const ROLES_MAX: usize = 64;
