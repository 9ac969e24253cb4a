//! What opening a table asks for on a host that cannot list: which requests, in how many round trips.

use crate::delta_discovery::{files, storage};
use crate::delta_fixture::*;
use crate::loopback::{Request, Server, trips};
use lakeglass::Version;
use lakeglass::formats::delta;

/// The requests that were sent because of what was known: without the commits asked for beside the hint, of which there are at most
/// five, and none of which is waited for where there is a hint.
fn after_the_hint(server: &Server) -> Vec<Request> {
    let is_beside = |request: &Request| (commit_name(0)..commit_name(5)).contains(&request.path);
    let (beside, after): (Vec<_>, Vec<_>) = server.requests().into_iter().partition(is_beside);
    assert!(beside.len() <= 5, "{beside:#?}");
    after
}

#[tokio::test]
async fn a_young_table_is_there_with_its_hint() {
    for (latest, round_trips) in [(0, 1), (1, 1), (4, 2), (7, 2), (8, 3)] {
        let server = Server::in_memory(table(latest)).with_latency(200);
        let snapshot = delta::snapshot(&storage(&server), Version::Latest).await.unwrap();
        assert_eq!((snapshot.version, files(&snapshot)), (latest, files_at(latest)));
        // What was asked for when the end showed is given up: two commits behind it show that it is one.
        let is_needed =
            |request: &Request| request.path <= commit_name(latest + 3) || request.path.ends_with("checkpoint");
        let needed: Vec<_> = server.requests().into_iter().filter(is_needed).collect();
        assert_eq!(trips(&needed), round_trips, "{latest}: {needed:#?}");
        assert!(server.requests().len() <= 16, "{:#?}", server.paths());
    }
}

#[tokio::test]
async fn a_log_that_is_here_is_not_guessed_at() {
    let with_checkpoint = table_with_checkpoint(40, 20);
    for (objects, latest, behind) in [(table(8), 8, 9..12), (with_checkpoint, 40, 41..44)] {
        let server = Server::in_memory(objects);
        let storage = storage(&server);
        delta::snapshot(&storage, Version::Latest).await.unwrap();
        server.forget().await;
        let again = delta::snapshot(&storage, Version::Latest).await.unwrap();
        assert_eq!((again.version, files(&again)), (latest, files_at(latest)));
        let mut asked = server.paths();
        asked.sort();
        let mut expected: Vec<String> = behind.map(commit_name).collect();
        expected.push("_delta_log/_last_checkpoint".into());
        assert_eq!(asked, expected);
        server.forget().await;
        let before = delta::snapshot(&storage, Version::Number(latest - 1)).await.unwrap();
        assert_eq!((before.version, files(&before)), (latest - 1, files_at(latest - 1)));
        assert_eq!(server.paths(), ["_delta_log/_last_checkpoint"]);
    }
}

#[tokio::test]
async fn a_checkpoint_and_twenty_commits_take_five_round_trips() {
    let objects = table_with_checkpoint(40, 20);
    let server = Server::in_memory(objects).with_latency(200);
    let snapshot = delta::snapshot(&storage(&server), Version::Latest).await.unwrap();
    assert_eq!((snapshot.version, snapshot.files.len()), (40, 41));
    // Requests behind the end of the log were given up, not waited for.
    let awaited: Vec<_> = after_the_hint(&server)
        .into_iter()
        .filter(|request| !(commit_name(42)..commit_name(99)).contains(&request.path))
        .collect();
    assert_eq!(awaited.len(), 23, "{awaited:#?}");
    assert!(trips(&awaited) <= 5, "{:#?}", server.paths());
    assert!(after_the_hint(&server).len() <= 34, "{:#?}", server.paths());
}

#[tokio::test]
async fn a_quiet_table_takes_four_requests() {
    let objects = table_with_checkpoint(10, 10);
    let server = Server::in_memory(objects).with_latency(200);
    let snapshot = delta::snapshot(&storage(&server), Version::Latest).await.unwrap();
    assert_eq!((snapshot.version, snapshot.timestamp.map(|time| time.millis)), (10, Some(time_of(10))));
    assert!(server.round_trips() <= 3, "{:#?}", server.paths());
    let found = |request: &&Request| request.status == 200 || request.status == 206;
    let answered = after_the_hint(&server).iter().filter(found).count();
    assert_eq!(answered, 3, "{:#?}", server.paths());
}
