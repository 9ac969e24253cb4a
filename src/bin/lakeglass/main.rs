//! The native command line: the same core as the browser's module, over every location that it takes, and local folders.
//!
//! ```text
//! lakeglass query --table weather=./www/demo/weather@1 "SELECT * FROM weather"
//! lakeglass inspect https://host/table --version 3
//! lakeglass share s3://bucket/table --where "year = 2024" --expires 2d --out trade.json
//! lakeglass index ./table
//! lakeglass doctor https://host/table
//! ```
//!
//! Results go to stdout, errors to stderr as `code: message`; the exit status is 0, 1 for an error, 2 for wrong usage.

mod access;
mod doctor;
mod format;
mod index;
mod inspect;
mod query;
mod share;
mod table_argument;

use clap::{Parser, Subcommand};
use std::io::{self, ErrorKind};
use std::process::ExitCode;

/// Reads Delta tables over plain HTTP or from folders, and queries them with SQL.
#[derive(Parser)]
#[command(name = "lakeglass", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Query(query::Query),
    Inspect(inspect::Inspect),
    Share(Box<share::Share>),
    Index(index::Index),
    Doctor(Box<doctor::Doctor>),
}

/// What ends a command early.
enum Failure {
    /// An error of the core, with its code.
    Core(lakeglass::Error),
    /// Stdout could not be written.
    Output(io::Error),
}

impl From<lakeglass::Error> for Failure {
    fn from(error: lakeglass::Error) -> Failure {
        Failure::Core(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl From<arrow::error::ArrowError> for Failure {
    fn from(error: arrow::error::ArrowError) -> Failure {
        match error {
            arrow::error::ArrowError::IoError(_, error) => Failure::Output(error),
            other => Failure::Core(lakeglass::Error::internal(other)),
        }
    }
}

/// What a thread may need for a statement as deep as is allowed.
const STACK_BYTES: usize = 8 << 20;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.enable_all().thread_stack_size(STACK_BYTES).build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(Failure::Output(error)),
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Query(query) => query.run().await.map(|()| true),
            Command::Inspect(inspect) => inspect.run().await.map(|()| true),
            Command::Share(share) => share.run().await.map(|()| true),
            Command::Index(index) => index.run().await.map(|()| true),
            Command::Doctor(doctor) => doctor.run().await,
        }
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => failed(failure),
    }
}

fn failed(failure: Failure) -> ExitCode {
    match failure {
        Failure::Core(error) => eprintln!("{}: {error}", error.code()),
        // Whoever read the output has seen enough (`| head`).
        Failure::Output(error) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Failure::Output(error) => eprintln!("internal: {error}"),
    }
    ExitCode::FAILURE
}
