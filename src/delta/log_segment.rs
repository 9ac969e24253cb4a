//! Which files of the log make up a version, and their bytes: with a listing where the host has one, and else by asking
//! for what must be there.
//!
//! Without a listing: `_last_checkpoint`, then its checkpoint and, at the same time, the commits from its version on, in a
//! growing number at once, until the first that is not there. An older version is replayed from commit 0 while that is
//! cheap, else from a classic checkpoint at one of the versions where writers put them. What has a UUID in its name, or parts, is
//! found by the hint alone, and a hole of more than two commits looks like the log's end.
//!
//! A checkpoint that is not there, or damaged, is done without: an older one, or commit 0, and the commits since say the same.

use super::checkpoint::{self, Checkpoint, CheckpointFiles};
use super::checkpoint_guess::{classic, existing, guesses_at, guesses_below, interval};
use super::damage::Damage;
use super::log_listing::{Listing, Piece, Plan};
use super::{last_checkpoint, log_compaction, log_index, log_path};
use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use crate::storage::{Object, Probe, Storage};
use futures::stream::{FuturesOrdered, StreamExt, TryStreamExt};
use object_store::path::Path;

/// Commits asked for at once at first, and at most.
const WINDOW: (usize, usize) = (10, 64);

/// So many commits behind the first that is not there are looked at.
const LOOK_AHEAD: usize = 2;

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

/// The bytes of a commit, or of a compaction of several.
#[derive(Debug)]
pub(crate) struct FetchedCommit {
    /// The version that it makes.
    pub(crate) version: u64,
    /// A compaction's first version.
    pub(crate) first: Option<u64>,
    pub(crate) object: Object,
    /// Whether a compaction has its actions.
    is_compacted: bool,
}

impl FetchedCommit {
    pub(crate) fn new(version: u64, object: Object) -> FetchedCommit {
        FetchedCommit { version, first: None, object, is_compacted: false }
    }

    /// What errors call it.
    pub(crate) fn path(&self) -> Path {
        match self.first {
            Some(first) => log_path::compaction(first, self.version),
            None => log_path::commit(self.version),
        }
    }

    /// Whether its actions are in a compaction, or in the checkpoint of version `covered`: then it only tells its time.
    pub(crate) fn is_for_its_time(&self, covered: Option<u64>) -> bool {
        self.is_compacted || covered.is_some_and(|covered| self.version <= covered)
    }
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
            (_, None) => Err(damage.instead_of(not_found(storage, "its _delta_log is not there, or holds no commit"))),
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
    let fetched = fetched.buffered(WINDOW.1).try_concat();
    let newest = async {
        match plan.pieces.last() {
            Some(Piece::Commit(_)) => Ok(Vec::new()),
            _ => commits_from(storage, plan.version, Some(plan.version)).await,
        }
    };
    let (mut commits, newest) = futures::try_join!(fetched, newest)?;
    if commits.last().is_none_or(|last| last.first.is_some()) {
        commits.extend(newest.into_iter().map(|commit| FetchedCommit { is_compacted: true, ..commit }));
    }
    Ok(commits)
}

async fn fetch_piece(storage: &Storage, piece: Piece) -> Result<Vec<FetchedCommit>> {
    let versions = match piece {
        Piece::Commit(version) => version..=version,
        Piece::Compaction(compaction) => match log_compaction::fetch(storage, &compaction).await? {
            Some(object) => {
                let (first, version) = (Some(*compaction.versions.start()), *compaction.versions.end());
                return Ok(vec![FetchedCommit { version, first, object, is_compacted: false }]);
            }
            None => compaction.versions,
        },
    };
    let fetched = futures::stream::iter(versions).map(async |version| {
        let object = storage.get(&FileLocation::Relative(log_path::commit(version))).await?;
        Ok::<_, Error>(FetchedCommit::new(version, object))
    });
    fetched.buffered(WINDOW.1).try_collect().await
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
    let commits = commits_from(storage, 0, version).await?;
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
            not_found(storage, reason)
        }
    })
}

/// The commits from `first` on, up to `last` or to the first that is not there. A hole is a corrupt table, where one of the
/// next two commits shows that it is one.
pub(crate) async fn commits_from(storage: &Storage, first: u64, last: Option<u64>) -> Result<Vec<FetchedCommit>> {
    let mut found = Vec::new();
    let mut under_way = FuturesOrdered::new();
    let last = last.unwrap_or(u64::MAX);
    let mut versions = (first..=last).fuse();
    let is_held = |version: &u64| storage.holds(&FileLocation::Relative(log_path::commit(*version)));
    let held = (first..=last).take_while(is_held).count();
    let end = loop {
        // A log that is here is as a rule all there is: behind it no more is asked for than shows its end.
        let window = match found.len() {
            found if held == 0 => (found / 2).clamp(WINDOW.0, WINDOW.1),
            found => (2 * found.saturating_sub(held)).clamp(LOOK_AHEAD + 1, WINDOW.1),
        };
        while under_way.len() < window {
            let Some(version) = versions.next() else { break };
            under_way.push_back(async move { Ok::<_, Error>((version, probe_commit(storage, version).await?)) });
        }
        match under_way.next().await.transpose()? {
            Some((version, Some(object))) => {
                found.push(FetchedCommit::new(version, object));
            }
            Some((0, None)) | None => return Ok(found),
            Some((version, None)) => break version,
        }
    };
    // The next ones were asked for at the same time: if they are there, this is a hole, and no end.
    let mut later = false;
    for _ in 0..LOOK_AHEAD {
        later |= matches!(under_way.next().await, Some(Ok((_, Some(_)))));
    }
    drop(under_way);
    if !later {
        return Ok(found);
    }
    match probe_commit(storage, end).await? {
        // It was written in the meantime, before the later one.
        Some(_) => Box::pin(commits_from(storage, first, Some(last))).await,
        None => Err(Error::corrupt(log_path::commit(end).as_ref(), "this commit is not there, and newer ones are")),
    }
}

/// A commit, if it is there.
///
/// Some static hosts answer with their front page, and status 200, for what is not there. A page in a commit's place counts
/// as none only where the host does the same for a name that cannot exist; anywhere else it is a broken commit.
pub(crate) async fn probe_commit(storage: &Storage, version: u64) -> Result<Option<Object>> {
    let is_page = |object: &Object| object.bytes.trim_ascii_start().starts_with(b"<");
    match storage.probe(&FileLocation::Relative(log_path::commit(version))).await? {
        Probe::Found(object) if is_page(&object) => {
            let nowhere = FileLocation::Relative(log_path::commit(log_path::LAST_VERSION));
            match storage.probe(&nowhere).await? {
                Probe::Found(other) if is_page(&other) => Ok(None),
                _ => Ok(Some(object)),
            }
        }
        Probe::Found(object) => Ok(Some(object)),
        Probe::Missing | Probe::Denied | Probe::Hidden => Ok(None),
    }
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

pub(crate) fn not_found(storage: &Storage, reason: &str) -> Error {
    Error::TableNotFound { url: storage.url().into(), reason: reason.into() }
}
