//! The first look at a log: what is asked for before anything of it is known.
//!
//! The hint says where to begin, and waiting for it is a round trip. A young table has none, and its log begins at commit 0: so on a host
//! without listings the first commits are asked for beside the hint, as many as a browser has connections left. Where there is a
//! checkpoint they are given up. A log that was kept from the last visit is looked at instead, and one that is here already says by itself
//! what to ask for.

use super::commits::{FetchedCommit, commits_beside};
use super::{last_checkpoint, revalidate};
use crate::error::Result;
use crate::formats::delta::checkpoint::CheckpointFiles;
use crate::storage::Storage;
use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::abortable;

/// What a log begins with.
pub(in crate::formats::delta) enum Bootstrap {
    /// The checkpoint that the hint names.
    Hint(Option<CheckpointFiles>),
    /// All commits up to the version, from 0 on: there is no hint.
    Commits(Vec<FetchedCommit>),
}

/// Looks at the log of `version`, or of the newest one.
pub(in crate::formats::delta) async fn bootstrap(storage: &Storage, version: Option<u64>) -> Result<Bootstrap> {
    let opened_before = storage.has_log();
    let (tell, are_needed) = oneshot::channel();
    let needed = are_needed.map(|_| ());
    let (commits, needless) = abortable(commits_beside(storage, version, needed));
    let hint = async {
        let hint = last_checkpoint::read(storage).await;
        match &hint {
            Ok(None) => drop(tell.send(())),
            _ => needless.abort(),
        }
        hint
    };
    let commits = async {
        let is_known = revalidate::revalidate(storage).await || opened_before || storage.knows_its_objects();
        if is_known { None } else { commits.await.ok() }
    };
    match futures::join!(hint, commits) {
        (Ok(None), Some(commits)) => commits.map(Bootstrap::Commits),
        (hint, _) => hint.map(Bootstrap::Hint),
    }
}
