//! `lakeglass index`: the listing of a log, for hosts that cannot list.

use crate::Failure;
use crate::access::Access;
use clap::Args;
use lakeglass::TableUrl;
use lakeglass::formats::delta::log::log_index;
use lakeglass::storage::Storage;
use std::path::PathBuf;

/// Writes _delta_log/_index.json, a listing of the log for hosts that have none. Write it again after each commit that is
/// published; readers look for newer commits by themselves.
#[derive(Args)]
pub struct Index {
    /// The table's folder.
    url: String,
    /// Where to write it; beside the log by default, where that is a local folder.
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
}

impl Index {
    /// Lists the log and writes the file.
    pub async fn run(self) -> Result<(), Failure> {
        let url: TableUrl = self.url.parse()?;
        let storage = Storage::open(url.as_url(), &self.access.storage(&url)?)?;
        let text = log_index::write(&storage).await?;
        let beside = || url.as_url().to_file_path().ok().map(|folder| folder.join("_delta_log").join(log_index::NAME));
        match self.out.or_else(beside) {
            Some(path) => {
                std::fs::write(&path, text)?;
                println!("{}", path.display());
            }
            None => println!("{text}"),
        }
        Ok(())
    }
}
