//! Where a table's bytes are asked for, and what is shown to whom.

use crate::loopback::{Fault, Request, Server};
use crate::sql_fixture::folder;
use async_trait::async_trait;
use lakeglass::error::{Error, ErrorCode};
use lakeglass::snapshot::FileLocation;
use lakeglass::storage::{AccessOptions, Signed, Storage, StorageOptions, UrlProvider};
use lakeglass::{Result, Table, TableUrl, Version};
use object_store::path::Path;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use url::Url;

fn secrets() -> AccessOptions {
    AccessOptions {
        headers: BTreeMap::from([("x-token".into(), "secret".into())]),
        bearer_token: Some("secret".into()),
        ..AccessOptions::default()
    }
}

fn options(access: AccessOptions) -> StorageOptions {
    StorageOptions { access, ..StorageOptions::default() }
}

fn at(path: &str) -> FileLocation {
    FileLocation::Relative(Path::parse(path).unwrap())
}

fn shows_nothing(request: &Request) -> bool {
    !format!("{:?} {:?}", request.query, request.headers).contains("secret")
}

#[tokio::test]
async fn a_redirect_to_another_origin_drops_what_was_for_the_first() {
    let (home, other) = (Server::in_memory([("t/a", "a")]), Server::in_memory([("moved", "moved")]));
    home.fault("t/a", Fault::Redirect(other.url("moved?ticket=1")));
    home.fault("t/b", Fault::Redirect(home.url("t/c")));
    home.put("t/c", "c");
    let storage = Storage::open(&home.url("t?sig=secret"), &options(secrets())).unwrap();
    assert_eq!(storage.get(&at("a")).await.unwrap().bytes, "moved");
    let seen = other.requests();
    assert_eq!((seen.len(), seen[0].query.as_deref()), (1, Some("ticket=1")));
    assert!(shows_nothing(&seen[0]), "{seen:?}");
    assert_eq!(storage.get(&at("b")).await.unwrap().bytes, "c");
    assert!(
        home.requests().iter().all(|request| request.headers.contains_key("x-token")),
        "its own origin goes on seeing it"
    );
    // A host that hands on what it was shown is not followed.
    home.fault("t/d", Fault::Redirect(other.url("moved?a=1&sig=secretsignature")));
    let storage = Storage::open(&home.url("t?sig=secretsignature"), &options(secrets())).unwrap();
    let error = storage.get(&at("d")).await.unwrap_err();
    assert!(matches!(&error, Error::Network { reason, .. } if reason.contains("signed with")), "{error:?}");
    assert!(other.requests().iter().all(shows_nothing));
    // Back again: the first origin does not get it either, for the second has chosen the URL.
    other.fault("moved", Fault::Redirect(home.url("t/c")));
    home.forget().await;
    let storage = Storage::open(&home.url("t?sig=secret"), &options(secrets())).unwrap();
    assert_eq!(storage.get(&at("a")).await.unwrap().bytes, "c");
    assert!(shows_nothing(home.requests().last().unwrap()));
}

#[tokio::test]
async fn a_redirect_without_end_is_an_error() {
    let home = Server::in_memory([("t/a", "a")]);
    home.fault("t/a", Fault::Redirect(home.url("t/a")));
    let storage = Storage::open(&home.url("t"), &StorageOptions::default()).unwrap();
    let error = storage.get(&at("a")).await.unwrap_err();
    assert!(matches!(&error, Error::Network { reason, .. } if reason.contains("redirects")), "{error:?}");
}

#[tokio::test]
async fn other_origins_are_asked_when_they_are_allowed() {
    let (home, other) = (Server::in_memory([("t/a", "a")]), Server::in_memory([("b", "b")]));
    let elsewhere = FileLocation::Absolute(other.url("b"));
    let storage = Storage::open(&home.url("t?sig=secret"), &options(secrets())).unwrap();
    let error = storage.get(&elsewhere).await.unwrap_err();
    let named = Url::parse(&other.url("").origin().ascii_serialization()).unwrap();
    assert_eq!(error.code(), ErrorCode::OriginNotAllowed);
    assert!(error.to_string().contains(named.as_str().trim_end_matches('/')), "{error}");
    assert!(other.requests().is_empty());
    let allowed = AccessOptions { allowed_origins: vec![named.to_string()], ..secrets() };
    let storage = Storage::open(&home.url("t?sig=secret"), &options(allowed)).unwrap();
    assert_eq!(storage.get(&elsewhere).await.unwrap().bytes, "b");
    assert!(other.requests().iter().all(shows_nothing));
    let own = BTreeMap::from([("x-their".to_owned(), "own".to_owned())]);
    let theirs = AccessOptions { origin_headers: BTreeMap::from([(named.to_string(), own)]), ..secrets() };
    let storage = Storage::open(&home.url("t?sig=secret"), &options(theirs)).unwrap();
    storage.get(&elsewhere).await.unwrap();
    let last = other.requests().pop().unwrap();
    assert!(shows_nothing(&last) && last.headers.get("x-their").map(String::as_str) == Some("own"));
}

/// Signs by a number that goes up, and is told which numbers count.
#[derive(Debug)]
struct Tickets {
    data: Url,
    next: AtomicU64,
}

#[async_trait]
impl UrlProvider for Tickets {
    async fn sign(&self, path: &str) -> Result<Signed> {
        if !path.ends_with(".parquet")
            && !path.ends_with("0.json")
            && !path.ends_with("1.json")
            && !path.ends_with("2.json")
        {
            return Ok(Signed::Missing);
        }
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        let url = self.data.join(path).unwrap();
        Ok(Signed::At { url: Url::parse(&format!("{url}?ticket={ticket}")).unwrap(), expires: None })
    }
}

#[tokio::test]
async fn a_function_that_signs_each_path() {
    let data = Server::start(folder("www/demo/weather"));
    let sign = Arc::new(Tickets { data: data.url(""), next: AtomicU64::new(0) });
    let options = StorageOptions { sign: Some(sign.clone()), ..options(secrets()) };
    let url: TableUrl = "https://nowhere.example/weather?sig=secret".parse().unwrap();
    let table = Table::open(&url, Version::Number(1), &options).await.unwrap();
    assert_eq!(table.snapshot().files.len(), 1);
    // Refused once as expired: another URL is asked for.
    let file = table.snapshot().files[0].location.clone();
    let FileLocation::Relative(path) = &file else { panic!() };
    data.fault_times(path.as_ref(), Fault::Expired, 1);
    let before = sign.next.load(Ordering::Relaxed);
    table.storage().get(&file).await.unwrap();
    assert_eq!(sign.next.load(Ordering::Relaxed), before + 2);
    assert!(data.requests().iter().all(|request| shows_nothing(request) && request.query.is_some()));
    data.fault(path.as_ref(), Fault::Expired);
    let again = Table::open(&url, Version::Number(1), &options).await.unwrap();
    assert_eq!(again.storage().get(&file).await.unwrap_err().code(), ErrorCode::UrlExpired);
}

#[tokio::test]
async fn an_index_stands_for_a_listing() {
    let source = folder("tests/fixtures/checkpoint_and_twenty/table");
    let listed = Storage::open(&Url::from_directory_path(&source).unwrap(), &StorageOptions::default()).unwrap();
    let index = lakeglass::formats::delta::log::log_index::write(&listed).await.unwrap();
    let newest = crate::sql_fixture::table("tests/fixtures/checkpoint_and_twenty/table", Version::Latest).await;
    let newest = newest.snapshot().version;
    let mut objects = Vec::new();
    for entry in std::fs::read_dir(source.join("_delta_log")).unwrap().map(|entry| entry.unwrap()) {
        if entry.path().is_file() {
            let name = format!("t/_delta_log/{}", entry.file_name().to_str().unwrap());
            objects.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
    // An index that was written before the last three commits.
    let mut old: serde_json::Value = serde_json::from_str(&index).unwrap();
    let behind = |name: &str| (newest - 2..=newest).any(|version| name.starts_with(&format!("{version:020}")));
    old["files"].as_array_mut().unwrap().retain(|file| !behind(file["name"].as_str().unwrap()));
    for (index, label) in [(index, "new"), (old.to_string(), "old")] {
        let server = Server::in_memory(objects.clone());
        server.put("t/_delta_log/_index.json", index);
        let access = AccessOptions { index: Some(true), ..AccessOptions::default() };
        let url: TableUrl = server.url("t").as_str().parse().unwrap();
        for version in [Version::Latest, Version::Number(newest - 1), Version::Number(2)] {
            let table = Table::open(&url, version, &options(access.clone())).await.unwrap();
            let plain = crate::sql_fixture::table("tests/fixtures/checkpoint_and_twenty/table", version).await;
            assert_eq!(table.snapshot().version, plain.snapshot().version, "{label}");
            assert_eq!(table.snapshot().files.len(), plain.snapshot().files.len(), "{label}");
        }
        assert!(server.paths().contains(&"t/_delta_log/_index.json".to_owned()));
        // Gone files in it, nonsense, and no index at all: the log is found as without.
        server.put(
            "t/_delta_log/_index.json",
            r#"{"lakeglassIndex":1,"files":[{"name":"00000000000000000099.json","size":1}]}"#,
        );
        let table = Table::open(&url, Version::Latest, &options(access.clone())).await.unwrap();
        assert_eq!(table.snapshot().version, newest, "{label}");
        server.put("t/_delta_log/_index.json", "<html>");
        assert_eq!(Table::open(&url, Version::Latest, &options(access)).await.unwrap().snapshot().version, newest);
    }
}
