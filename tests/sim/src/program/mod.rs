//! The simulator as a program: simulated base stations and handsets over real TLS and real RTP.
//!
//! [`site`] holds base stations, handsets and the air between them and is pure;
//! [`shell`] gives them sockets and the time; [`words`] are the commands and
//! [`report`] the lines that are printed.

pub mod options;
pub mod report;
pub mod shell;
pub mod site;
pub mod words;
