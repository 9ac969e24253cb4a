//! Share manifests: what they hold, how they are opened, when they refuse.

use crate::loopback::{Fault, Server};
use crate::sql_fixture::{folder, rows, table};
use lakeglass::error::ErrorCode;
use lakeglass::formats::delta::statistics;
use lakeglass::formats::manifest;
use lakeglass::formats::manifest::ShareOptions;
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::storage::{AccessOptions, StorageOptions, now};
use lakeglass::{Result, Table, TableUrl, Version};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use url::Url;

/// A manifest of versions of the table in `path`; every object's URL is below `at`.
async fn written(path: &str, versions: &[u64], at: &Url, options: &ShareOptions) -> String {
    let mut tables = Vec::new();
    for version in versions {
        let table = table(path, Version::Number(*version)).await;
        let files: Vec<usize> = (0..table.snapshot().files.len()).collect();
        let columns: Vec<usize> = (0..table.snapshot().schema.logical.fields().len()).collect();
        let statistics = statistics::load(table.storage(), table.snapshot(), &files, &columns).await.unwrap();
        tables.push((table, files, statistics));
    }
    let mut urls = HashMap::new();
    for (table, files, _) in &tables {
        for location in manifest::objects(table.snapshot(), files) {
            let lakeglass::snapshot::FileLocation::Relative(path) = &location else { panic!("{location:?}") };
            let mut url = at.clone();
            url.path_segments_mut().unwrap().pop_if_empty().extend(path.parts().map(|part| part.as_ref().to_owned()));
            url.set_query(Some("sig=one"));
            urls.insert(location, url);
        }
    }
    let parts: Vec<_> = tables.iter().map(|(t, f, s)| (t.snapshot().as_ref(), f.as_slice(), s)).collect();
    manifest::write(&parts, &urls, options).unwrap()
}

async fn open(url: &Url, version: Version, access: AccessOptions) -> Result<Table> {
    let url: TableUrl = url.as_str().parse()?;
    Table::open(&url, version, &StorageOptions { access, ..StorageOptions::default() }).await
}

async fn all_rows(table: Table, sql: &str) -> Vec<String> {
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", table).unwrap();
    let mut rows = rows(&session, sql).await;
    rows.sort();
    rows
}

fn objects(folder: &Path, below: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        match entry.path().is_dir() {
            true => found.extend(objects(&entry.path(), &format!("{name}/"))),
            false => found.push((name, std::fs::read(entry.path()).unwrap())),
        }
    }
    found
}

#[tokio::test]
async fn every_fixture_reads_the_same_through_a_manifest() {
    for fixture in std::fs::read_dir(folder("tests/fixtures")).unwrap().map(|entry| entry.unwrap()) {
        let path = format!("tests/fixtures/{}/table", fixture.file_name().to_str().unwrap());
        if !folder(&path).is_dir() {
            continue;
        }
        let plain = table(&path, Version::Latest).await;
        let newest = plain.snapshot().version;
        let data = Server::start(folder(&path));
        let manifest = written(&path, &[newest], &data.url(""), &ShareOptions::default()).await;
        assert!(!manifest.contains("_delta_log"), "{path}");
        let server = Server::in_memory([("share.json", manifest.into_bytes())]);
        let shared = open(&server.url("share.json"), Version::Latest, AccessOptions::default()).await.unwrap();
        assert_eq!((server.requests().len(), data.requests().len()), (1, 0), "{path}: opening is one request");
        assert_eq!(shared.snapshot().schema.logical, plain.snapshot().schema.logical, "{path}");
        assert_eq!(shared.snapshot().partition_values, plain.snapshot().partition_values, "{path}");
        let count = shared.snapshot().row_count();
        let columns: Vec<String> = plain
            .snapshot()
            .schema
            .logical
            .fields()
            .iter()
            .map(|f| format!("\"{}\"", f.name().replace('"', "\"\"")))
            .collect();
        let sql = format!("SELECT {} FROM t", columns.join(", "));
        // What the log answers by itself, the share answers alike.
        let fields = plain.snapshot().schema.logical.fields().clone();
        let whole = fields.iter().zip(&columns).filter(|(field, _)| field.data_type().is_integer());
        let bounds: Vec<String> = whole.map(|(_, name)| format!("min({name}), max({name}), count({name})")).collect();
        if !bounds.is_empty() {
            let sql = format!("SELECT {} FROM t", bounds.join(", "));
            assert_eq!(all_rows(shared.clone(), &sql).await, all_rows(plain.clone(), &sql).await, "{path}");
        }
        let expected = all_rows(plain, &sql).await;
        assert!(count.is_none_or(|count| count as usize == expected.len()), "{path}");
        assert_eq!(all_rows(shared, &sql).await, expected, "{path}");
        assert!(data.requests().iter().all(|request| request.query.as_deref() == Some("sig=one")), "{path}");
    }
}

#[tokio::test]
async fn a_missing_file_is_explained_by_the_manifest() {
    let path = "tests/fixtures/eight_files/table";
    let data = Server::start(folder(path));
    data.fault("*", Fault::Status(404));
    let newest = table(path, Version::Latest).await.snapshot().version;
    let manifest = written(path, &[newest], &data.url(""), &ShareOptions::default()).await;
    let server = Server::in_memory([("share.json", manifest.into_bytes())]);
    let table = open(&server.url("share.json"), Version::Latest, AccessOptions::default()).await.unwrap();
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", table).unwrap();
    let error = crate::sql_fixture::error(&session, "SELECT * FROM t").await;
    assert_eq!(error.code(), ErrorCode::CorruptTable);
    let text = error.to_string();
    assert!(text.contains("the share manifest names this file, but it is not there"), "{text}");
    assert!(!format!("{:?}{:?}", server.paths(), data.paths()).contains("_delta_log"), "{:?}", data.paths());
}

#[tokio::test]
async fn several_versions_travel_in_time_and_files_are_pruned() {
    let path = "www/demo/trade";
    let newest = table(path, Version::Latest).await.snapshot().version;
    let data = Server::start(folder(path));
    let options = ShareOptions { name: Some("trade".into()), created: 1, ..ShareOptions::default() };
    let manifest = written(path, &[0, newest], &data.url(""), &options).await;
    let server = Server::in_memory([("a/trade.json", manifest.into_bytes())]);
    let shared = open(&server.url("a/trade.json"), Version::Latest, AccessOptions::default()).await.unwrap();
    assert_eq!(shared.snapshot().version, newest);
    let range = shared.versions().await.unwrap();
    assert_eq!((range.earliest(), range.latest()), (0, newest));
    assert_eq!(shared.history(None, None).await.unwrap().len(), 2);
    let sql = "SELECT count(*), count(DISTINCT year) FROM t";
    for version in [0, newest] {
        let plain = table(path, Version::Number(version)).await;
        let at = shared.at(Version::Number(version), &Default::default()).await.unwrap();
        assert_eq!(all_rows(at, sql).await, all_rows(plain, sql).await);
    }
    let time = shared.snapshot().timestamp.unwrap().millis;
    let at = shared.at(Version::Timestamp(time), &Default::default()).await.unwrap();
    assert_eq!(at.snapshot().version, newest);
    let missing = shared.at(Version::Number(99), &Default::default()).await.unwrap_err();
    assert_eq!(missing.code(), ErrorCode::VersionNotFound);
    assert_eq!(shared.verify().await.unwrap(), None);

    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("trade", shared).unwrap();
    data.forget().await;
    let one = rows(&session, "SELECT count(*) FROM trade WHERE year = 2020 AND country IS NOT NULL").await;
    let expected = Session::new(SessionOptions::default()).unwrap();
    expected.register("trade", table(path, Version::Latest).await).unwrap();
    assert_eq!(one, rows(&expected, "SELECT count(*) FROM trade WHERE year = 2020 AND country IS NOT NULL").await);
    assert!(
        !data.paths().is_empty() && data.paths().iter().all(|path| path.starts_with("year=2020/")),
        "{:?}",
        data.paths()
    );
    assert_eq!(rows(&session, &format!("SELECT count(*) FROM trade VERSION AS OF {newest}")).await.len(), 1);
    let refused = session.query("SELECT * FROM table_changes('trade', 0)").await.err().unwrap();
    assert_eq!(refused.code(), ErrorCode::UnsupportedFeature);
}

#[tokio::test]
async fn a_manifest_beside_its_table_is_relative() {
    let mut served = objects(&folder("www/demo/weather"), "lake/weather/");
    served.retain(|(name, _)| !name.contains("_delta_log"));
    let text =
        written("www/demo/weather", &[2], &Url::parse("http://unused/").unwrap(), &ShareOptions::default()).await;
    let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    manifest["urls"] = serde_json::json!({});
    manifest["base"] = "weather/".into();
    served.push(("lake/share.json".into(), manifest.to_string().into_bytes()));
    let server = Server::in_memory(served);
    let access =
        AccessOptions { headers: BTreeMap::from([("x-token".into(), "t".into())]), ..AccessOptions::default() };
    let shared = open(&server.url("lake/share.json?token=1"), Version::Latest, access).await.unwrap();
    assert_eq!(all_rows(shared, "SELECT count(*) FROM t WHERE temperature > 0").await, ["4"]);
    let told =
        |r: &crate::loopback::Request| r.query.as_deref() == Some("token=1") && r.headers.contains_key("x-token");
    assert!(server.requests().iter().all(told), "{:?}", server.requests());
}

#[tokio::test]
async fn credentials_of_the_manifest_stay_with_it() {
    let data = Server::start(folder("www/demo/weather"));
    let text = written("www/demo/weather", &[2], &data.url(""), &ShareOptions::default()).await;
    let mut elsewhere: serde_json::Value = serde_json::from_str(&text).unwrap();
    elsewhere["urls"] = serde_json::json!({});
    elsewhere["base"] = data.url("").to_string().into();
    let server =
        Server::in_memory([("a.json", text.clone().into_bytes()), ("b.json", elsewhere.to_string().into_bytes())]);
    for name in ["a.json?secret=1", "b.json?secret=1"] {
        let access = AccessOptions {
            headers: BTreeMap::from([("x-token".into(), "secret".into())]),
            bearer_token: Some("secret".into()),
            query: Some("more=secret".into()),
            ..AccessOptions::default()
        };
        let shared = open(&server.url(name), Version::Latest, access).await.unwrap();
        data.forget().await;
        assert_eq!(all_rows(shared, "SELECT count(*) FROM t WHERE temperature > 0").await, ["4"]);
        let clean = |r: &crate::loopback::Request| {
            !r.query.as_deref().unwrap_or_default().contains("secret")
                && !r.headers.contains_key("x-token")
                && !r.headers.contains_key("authorization")
        };
        assert!(!data.requests().is_empty() && data.requests().iter().all(clean), "{:?}", data.requests());
    }
}

#[tokio::test]
async fn an_expired_share_says_so_and_whom_to_ask() {
    let data = Server::start(folder("www/demo/weather"));
    let options = ShareOptions {
        contact: Some("ana@example.com".into()),
        expires: Some(1_700_000_000_000),
        ..ShareOptions::default()
    };
    let text = written("www/demo/weather", &[2], &data.url(""), &options).await;
    let server = Server::in_memory([("a.json", text.into_bytes())]);
    let error = open(&server.url("a.json?sig=secret"), Version::Latest, AccessOptions::default()).await.unwrap_err();
    let expected = format!(
        "the signed URL of {} has expired: this share ended at 2023-11-14 22:13 UTC, ask ana@example.com for a fresh one",
        server.url("a.json")
    );
    assert_eq!((error.code(), error.to_string()), (ErrorCode::UrlExpired, expected));
    assert!(data.requests().is_empty());

    // A host whose clock is ahead refuses sooner.
    let options = ShareOptions { expires: Some(now() + 3_600_000), ..options };
    let text = written("www/demo/weather", &[2], &data.url(""), &options).await;
    server.put("a.json", text);
    let shared = open(&server.url("a.json"), Version::Latest, AccessOptions::default()).await.unwrap();
    data.fault("*", Fault::Expired);
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", shared).unwrap();
    let error = crate::sql_fixture::error(&session, "SELECT * FROM t").await;
    assert_eq!(error.code(), ErrorCode::UrlExpired);
    assert!(error.to_string().contains("ask ana@example.com") && !error.to_string().contains("sig=one"), "{error}");
}

#[tokio::test]
async fn what_contradicts_itself_is_refused() {
    let text = written("www/demo/weather", &[2], &Url::parse("http://h/").unwrap(), &ShareOptions::default()).await;
    let good: serde_json::Value = serde_json::from_str(&text).unwrap();
    let server = Server::in_memory([("a.json", text.into_bytes()), ("other.json", b"{\"hello\": 1}".to_vec())]);
    let broken = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value = good.clone();
        change(&mut value);
        value.to_string()
    };
    for (text, code) in [
        (broken(&|v| v["lakeglassManifest"] = 2.into()), ErrorCode::UnsupportedFeature),
        (broken(&|v| v["versions"] = serde_json::json!([])), ErrorCode::CorruptTable),
        (broken(&|v| v["versions"][0]["files"] = serde_json::json!([99])), ErrorCode::CorruptTable),
        (broken(&|v| v["versions"][0]["files"] = serde_json::json!([0, 0])), ErrorCode::CorruptTable),
        (broken(&|v| v["versions"][0]["definition"] = 7.into()), ErrorCode::CorruptTable),
        (broken(&|v| v["files"][0] = serde_json::json!(["a", {}, 1])), ErrorCode::CorruptTable),
        (broken(&|v| v["files"][0]["path"] = "../a".into()), ErrorCode::CorruptTable),
        (broken(&|v| v["urls"] = serde_json::json!({"a": "file:///etc/passwd"})), ErrorCode::CorruptTable),
        (broken(&|v| v["definitions"][0]["protocol"]["minReaderVersion"] = 9.into()), ErrorCode::UnsupportedFeature),
    ] {
        server.put("a.json", text.clone());
        let error = open(&server.url("a.json"), Version::Latest, AccessOptions::default()).await.unwrap_err();
        assert_eq!(error.code(), code, "{error} {text}");
    }
    for path in ["other.json", "nowhere.json"] {
        let error = open(&server.url(path), Version::Latest, AccessOptions::default()).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::TableNotFound, "{error}");
    }
    let _ = text;
}
