//! Which files of the log make up a version, and their bytes: with a listing where the host has one, and else by asking
//! for what must be there.
//!
//! Without a listing: `_last_checkpoint`, then its checkpoint and, at the same time, the [`commits`] from its version on, until the
//! first that is not there. An older version is replayed from commit 0 while that is cheap, else from a classic checkpoint at one of
//! the versions where writers put them. What has a UUID in its name, or parts, is found by the hint alone.
//!
//! A checkpoint that is not there, or damaged, is done without: an older one, or commit 0, and the commits since say the same.

use super::commits::{self, FetchedCommit, commits_from};
use super::log_listing::{Listing, Piece, Plan};
use super::{last_checkpoint, log_compaction, log_index, log_path};
use crate::error::{Error, Result};
use crate::formats::delta::checkpoint;
use crate::formats::delta::checkpoint::corrupt_checkpoints::Damage;
use crate::formats::delta::checkpoint::guess::{classic, existing, guesses_at, guesses_below, interval};
use crate::formats::delta::checkpoint::{Checkpoint, CheckpointFiles};
use crate::snapshot::FileLocation;
use crate::storage::{Probe, Storage};
use futures::stream::{StreamExt, TryStreamExt};
use object_store::path::Path;

/// Replaying this many commits is cheaper than looking for a checkpoint.
const CHEAP: u64 = 100;

/// The log of one version, fetched.
#[derive(Debug)]
pub(crate) struct LogSegment {
    pub(crate) version: u64,
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Ascending. Some only tell times.
    pub(crate) commits: Vec<FetchedCommit>,
}

/// Fetches the log of `version`, or of the newest one, from where the hint points if it does. Checkpoints that are damaged are
/// noted, and done without.
pub(crate) async fn load(
    storage: &Storage,
    version: Option<u64>,
    hint: Option<&CheckpointFiles>,
    damage: &Damage,
) -> Result<LogSegment> {
    let segment = find(storage, version, hint, damage).await?;
    match damage.newest() {
        // Without it there seems to be less of the table than there is.
        Some(newest) if version.is_none() && newest > segment.version => Err(damage.instead_of(gone(storage, newest))),
        _ => Ok(segment),
    }
}

async fn find(
    storage: &Storage,
    version: Option<u64>,
    hint: Option<&CheckpointFiles>,
    damage: &Damage,
) -> Result<LogSegment> {
    let usable = hint.filter(|hint| version.is_none_or(|version| hint.version <= version));
    if let Some(mut listing) = list(storage, usable).await? {
        return listed(storage, &mut listing, usable.is_some(), version, damage).await;
    }
    if storage.prefers_index()
        && let Some(segment) = from_index(storage, version, damage).await?
    {
        return Ok(segment);
    }
    if let Some(checkpoint) = usable
        && let Some(segment) = from_checkpoint(storage, checkpoint, version, damage).await?
    {
        return reached(storage, segment, version);
    }
    let known = hint.map(|hint| hint.version);
    if let Some(asked) = version.filter(|version| *version > CHEAP && known.is_some_and(|known| known > *version))
        && let Some(segment) = from_guessed(storage, asked, version, hint, damage).await?
    {
        return reached(storage, segment, version);
    }
    match from_zero(storage, version).await {
        Ok(segment) => reached(storage, segment, version),
        Err(error @ Error::TableNotFound { .. }) => match (version, known) {
            // The beginning of the log is gone, the table is not.
            (Some(asked), Some(_)) => match from_guessed(storage, asked, version, hint, damage).await? {
                Some(segment) => reached(storage, segment, version),
                None => Err(damage.instead_of(gone(storage, asked))),
            },
            (None, Some(known)) => match from_guessed_after(storage, known, hint, damage).await? {
                Some(segment) => Ok(segment),
                None => Err(damage.instead_of(error)),
            },
            _ => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// Lists the log, from the hint's version on where there is one; `None` where the host cannot list.
pub(crate) async fn list(storage: &Storage, hint: Option<&CheckpointFiles>) -> Result<Option<Listing>> {
    let start_after = hint.map(|hint| log_path::before(hint.version));
    let entries = storage.list(&Path::from(log_path::LOG), start_after.as_ref()).await?;
    Ok(entries.map(|entries| Listing::new(&entries)))
}

/// The newest version's number. Commits that were fetched to find it are in the storage's cache.
pub(crate) async fn latest(storage: &Storage) -> Result<u64> {
    let hint = last_checkpoint::read(storage).await?;
    for hint in [hint.as_ref(), None] {
        if let Some(listing) = list(storage, hint).await?
            && let Some(latest) = listing.latest()
        {
            return Ok(latest);
        }
    }
    let newer = match &hint {
        Some(hint) => commits_from(storage, hint.version.saturating_add(1), None).await?,
        None => commits_from(storage, 0, None).await?,
    };
    match (newer.last(), hint) {
        (Some(last), _) => Ok(last.version),
        (None, Some(hint)) => Ok(hint.version),
        (None, None) => Err(nothing(storage).await?),
    }
}

async fn listed(
    storage: &Storage,
    listing: &mut Listing,
    mut partial: bool,
    version: Option<u64>,
    damage: &Damage,
) -> Result<LogSegment> {
    loop {
        let wanted = match (version, listing.latest()) {
            (None, Some(latest)) => Ok(latest),
            (Some(version), Some(latest)) if version <= latest => Ok(version),
            (Some(version), Some(latest)) => Err(too_new(storage, version, latest)),
            (_, None) => {
                Err(damage.instead_of(super::not_found(storage, "its _delta_log is not there, or holds no commit")))
            }
        };
        let planned = |wanted| listing.plan(wanted).map_err(|error| damage.instead_of(error));
        let plan = match wanted.and_then(planned) {
            // The hint may point where nothing is any more.
            Err(_) if partial => {
                *listing = list(storage, None).await?.unwrap_or_default();
                partial = false;
                continue;
            }
            plan => plan?,
        };
        let commits = fetch(storage, &plan);
        let Some(files) = plan.checkpoint.as_ref() else {
            return Ok(LogSegment { version: plan.version, checkpoint: None, commits: commits.await? });
        };
        let (checkpoint, commits) = futures::try_join!(load_checkpoint(storage, files, damage), commits)?;
        match checkpoint {
            Some(_) => return Ok(LogSegment { version: plan.version, checkpoint, commits }),
            // Damaged, cleaned up since it was listed, or by another name than the listing's.
            None => listing.forget(files),
        }
    }
}

/// Fetches known commits, and the newest one for its time where a checkpoint or a compaction has its actions.
async fn fetch(storage: &Storage, plan: &Plan) -> Result<Vec<FetchedCommit>> {
    let fetched = futures::stream::iter(plan.pieces.clone()).map(async |piece| fetch_piece(storage, piece).await);
    let fetched = fetched.buffered(commits::MOST_AT_ONCE).try_concat();
    let newest = async {
        match plan.pieces.last() {
            Some(Piece::Commit(_)) => Ok(Vec::new()),
            _ => commits_from(storage, plan.version, Some(plan.version)).await,
        }
    };
    let (mut commits, newest) = futures::try_join!(fetched, newest)?;
    if commits.last().is_none_or(|last| last.first.is_some()) {
        commits.extend(newest.into_iter().map(FetchedCommit::for_its_time));
    }
    Ok(commits)
}

async fn fetch_piece(storage: &Storage, piece: Piece) -> Result<Vec<FetchedCommit>> {
    let versions = match piece {
        Piece::Commit(version) => version..=version,
        Piece::Compaction(compaction) => match log_compaction::fetch(storage, &compaction).await? {
            Some(object) => {
                let (first, version) = (*compaction.versions.start(), *compaction.versions.end());
                return Ok(vec![FetchedCommit::compaction(first, version, object)]);
            }
            None => compaction.versions,
        },
    };
    let fetched = futures::stream::iter(versions).map(async |version| {
        let object = storage.get(&FileLocation::Relative(log_path::commit(version))).await?;
        Ok::<_, Error>(FetchedCommit::new(version, object))
    });
    fetched.buffered(commits::MOST_AT_ONCE).try_collect().await
}

/// A checkpoint; `None` where it is not there, or damaged.
async fn load_checkpoint(storage: &Storage, files: &CheckpointFiles, damage: &Damage) -> Result<Option<Checkpoint>> {
    if damage.has(files) {
        return Ok(None);
    }
    match checkpoint::load(storage, files).await {
        Err(error @ Error::CorruptTable { .. }) => {
            damage.note(files, error);
            Ok(None)
        }
        loaded => loaded,
    }
}

/// A checkpoint and the commits behind it; `None` where the checkpoint is not there, or damaged.
async fn from_checkpoint(
    storage: &Storage,
    files: &CheckpointFiles,
    version: Option<u64>,
    damage: &Damage,
) -> Result<Option<LogSegment>> {
    let checkpoint = load_checkpoint(storage, files, damage);
    let commits = async {
        match commits_from(storage, files.version.saturating_add(1), version).await? {
            // The checkpoint's own commit tells its time; the clean-up may have taken it.
            newer if newer.is_empty() => commits_from(storage, files.version, Some(files.version)).await,
            newer => Ok(newer),
        }
    };
    let (checkpoint, commits) = futures::try_join!(checkpoint, commits)?;
    let Some(checkpoint) = checkpoint else { return Ok(None) };
    let version = commits.last().map_or(checkpoint.version, |commit| commit.version);
    Ok(Some(LogSegment { version, checkpoint: Some(checkpoint), commits }))
}

/// With the log's index file; `None` where there is none, or it is out of date.
async fn from_index(storage: &Storage, version: Option<u64>, damage: &Damage) -> Result<Option<LogSegment>> {
    let Some(mut listing) = log_index::read(storage, version).await? else { return Ok(None) };
    match listed(storage, &mut listing, false, version, damage).await {
        Ok(segment) => Ok(Some(segment)),
        Err(Error::VersionNotFound { .. } | Error::CorruptTable { .. } | Error::TableNotFound { .. }) => Ok(None),
        Err(error) if error.may_be_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn from_zero(storage: &Storage, version: Option<u64>) -> Result<LogSegment> {
    replayed(storage, commits_from(storage, 0, version).await?).await
}

/// The log of a table without checkpoints, whose `commits` are those from 0 on.
pub(crate) async fn without_checkpoint(
    storage: &Storage,
    version: Option<u64>,
    commits: Vec<FetchedCommit>,
) -> Result<LogSegment> {
    reached(storage, replayed(storage, commits).await?, version)
}

async fn replayed(storage: &Storage, commits: Vec<FetchedCommit>) -> Result<LogSegment> {
    match commits.last() {
        Some(last) => Ok(LogSegment { version: last.version, checkpoint: None, commits }),
        None => Err(nothing(storage).await?),
    }
}

/// Why there is no commit 0.
async fn nothing(storage: &Storage) -> Result<Error> {
    let first = || format!("{}/{}", storage.url().trim_end_matches('/'), log_path::commit(0));
    Ok(match storage.probe(&FileLocation::Relative(log_path::commit(0))).await? {
        Probe::Denied => Error::PermissionDenied { url: first(), status: 403 },
        Probe::Hidden => Error::CorsOrNetwork { url: first(), answered: true },
        Probe::Missing | Probe::Found(_) => {
            let reason = "neither _delta_log/_last_checkpoint nor the commit 0 in _delta_log is there; \
                          check that the URL is the table's own folder";
            super::not_found(storage, reason)
        }
    })
}

/// `version` from a classic checkpoint at or below `from`, found where writers put them; `hint`'s checkpoint knows the interval.
async fn from_guessed(
    storage: &Storage,
    from: u64,
    version: Option<u64>,
    hint: Option<&CheckpointFiles>,
    damage: &Damage,
) -> Result<Option<LogSegment>> {
    // An index knows, where there is one: a request in place of dozens.
    if !storage.prefers_index()
        && let Some(segment) = from_index(storage, version, damage).await?
    {
        return Ok(Some(segment));
    }
    for candidates in guesses_below(from) {
        if let Some(segment) = from_first(storage, &candidates, version, damage).await? {
            return Ok(Some(segment));
        }
    }
    match hint {
        Some(hint) => {
            let candidates = guesses_at(from, interval(storage, hint).await?);
            from_first(storage, &candidates, version, damage).await
        }
        None => Ok(None),
    }
}

async fn from_first(
    storage: &Storage,
    candidates: &[u64],
    version: Option<u64>,
    damage: &Damage,
) -> Result<Option<LogSegment>> {
    for candidate in existing(storage, candidates).await? {
        if let Some(segment) = from_checkpoint(storage, &classic(candidate), version, damage).await? {
            return Ok(Some(segment));
        }
    }
    Ok(None)
}

/// From a classic checkpoint newer than a stale hint, or older than the damaged one that it points at.
async fn from_guessed_after(
    storage: &Storage,
    known: u64,
    hint: Option<&CheckpointFiles>,
    damage: &Damage,
) -> Result<Option<LogSegment>> {
    let ahead = known.saturating_add(200);
    for candidates in guesses_below(ahead).take(2) {
        if let Some(segment) = from_first(storage, &candidates, None, damage).await? {
            return Ok(Some(segment));
        }
    }
    match damage.newest() {
        Some(_) => from_guessed(storage, known, None, hint, damage).await,
        None => Ok(None),
    }
}

/// Whether the log went as far as was asked.
fn reached(storage: &Storage, segment: LogSegment, version: Option<u64>) -> Result<LogSegment> {
    match version {
        Some(version) if segment.version < version => Err(too_new(storage, version, segment.version)),
        _ => Ok(segment),
    }
}

fn too_new(storage: &Storage, version: u64, latest: u64) -> Error {
    let reason = format!("the latest version is {latest}");
    Error::VersionNotFound { url: storage.url().into(), requested: version.to_string(), reason }
}

fn gone(storage: &Storage, version: u64) -> Error {
    let reason = "the commits that it is made of were cleaned up, and no checkpoint for it was found".into();
    Error::VersionNotFound { url: storage.url().into(), requested: version.to_string(), reason }
}
