//! PID 1.
use std::process::ExitCode;
/// Is PID 1.
pub fn main() -> ExitCode {
    ExitCode::FAILURE
}
