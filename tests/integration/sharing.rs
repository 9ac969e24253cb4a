//! Delta Sharing, in front of a small server of the protocol: both formats, versions, URLs that end.

use crate::loopback::{Fault, Server};
use crate::sql_fixture::{folder, rows, table};
use lakeglass::error::ErrorCode;
use lakeglass::formats::sharing::{Client, Profile};
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::storage::{AccessOptions, StorageOptions, now};
use lakeglass::{Result, Table, TableUrl, Version};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use url::Url;

const TOKEN: &str = "secret-token";

/// How the server behaves.
#[derive(Clone, Copy, PartialEq)]
enum Format {
    Delta,
    Parquet,
}

struct Shared {
    /// Path of the demo table or fixture.
    path: &'static str,
    format: Format,
    data: Server,
    /// How long its URLs are good, in milliseconds.
    lifetime: i64,
    queries: Mutex<Vec<String>>,
}

impl Shared {
    fn start(path: &'static str, format: Format, lifetime: i64) -> (Arc<Shared>, Url) {
        let data = Server::start(folder(path));
        let shared = Arc::new(Shared { path, format, data, lifetime, queries: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/delta-sharing/", listener.local_addr().unwrap())).unwrap();
        let serving = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.converse(stream));
            }
        });
        (shared, url)
    }

    fn converse(&self, mut stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut first = String::new();
        reader.read_line(&mut first).ok()?;
        let (mut length, mut authorised, mut wants_delta) = (0, false, false);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "authorization" => authorised = value.trim() == format!("Bearer {TOKEN}"),
                "delta-sharing-capabilities" => wants_delta = value.contains("responseformat=delta,parquet"),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let path = first.split(' ').nth(1)?.to_owned();
        let (status, version, text) = match authorised && wants_delta {
            true => self.answer(&path, &String::from_utf8(body).ok()?),
            false => (401, None, String::new()),
        };
        let version = version.map(|version| format!("delta-table-version: {version}\r\n")).unwrap_or_default();
        let head =
            format!("HTTP/1.1 {status} x\r\n{version}content-length: {}\r\nconnection: close\r\n\r\n", text.len());
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(text.as_bytes()).ok()
    }

    fn answer(&self, path: &str, body: &str) -> (u16, Option<u64>, String) {
        let list = |items: &str, next: &str| (200, None, format!("{{\"items\":[{items}]{next}}}"));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        match path.strip_prefix("/delta-sharing/").unwrap_or_default() {
            "shares" if query.is_empty() => list(r#"{"name":"one"}"#, r#","nextPageToken":"2""#),
            "shares" => list(r#"{"name":"a.two"}"#, ""),
            "shares/one/schemas" => list(r#"{"name":"main"}"#, ""),
            "shares/one/all-tables" | "shares/one/schemas/main/tables" => {
                list(r#"{"name":"t","schema":"main","share":"one"},{"name":"u.v","schema":"main","share":"one"}"#, "")
            }
            "shares/a.two/all-tables" => list("", ""),
            "shares/one/schemas/main/tables/t/version" => (200, Some(self.log().len() as u64 - 1), String::new()),
            "shares/one/schemas/main/tables/t/query" => self.query(body),
            _ => (404, None, String::new()),
        }
    }

    /// The commits' lines: the tables that are shared here have no checkpoint that counts.
    fn log(&self) -> Vec<Vec<serde_json::Value>> {
        let commit = |version: u64| {
            let path = folder(self.path).join(format!("_delta_log/{version:020}.json"));
            let text = std::fs::read_to_string(path).ok()?;
            Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
        };
        (0..).map_while(commit).collect()
    }

    fn query(&self, body: &str) -> (u16, Option<u64>, String) {
        self.queries.lock().unwrap().push(body.to_owned());
        let log = self.log();
        let asked: serde_json::Value = serde_json::from_str(body).unwrap();
        let version = asked["version"].as_u64().unwrap_or(log.len() as u64 - 1);
        if version >= log.len() as u64 {
            return (400, None, r#"{"errorCode":"INVALID_PARAMETER_VALUE"}"#.into());
        }
        let (mut protocol, mut metadata, mut files) = (None, None, Vec::<serde_json::Value>::new());
        for line in log.iter().take(version as usize + 1).flatten() {
            protocol = line.get("protocol").or(protocol);
            metadata = line.get("metaData").or(metadata);
            if let Some(path) = line.get("remove").or(line.get("add")).map(|action| action["path"].clone()) {
                files.retain(|file| file["path"] != path);
            }
            files.extend(line.get("add").cloned());
        }
        let signed = |path: &str| {
            let ticket = self.queries.lock().unwrap().len();
            format!("{}?ticket={ticket}", self.data.url(path))
        };
        let ends = now() + self.lifetime;
        let mut lines = match self.format {
            Format::Delta => vec![
                serde_json::json!({"protocol": {"deltaProtocol": protocol}}),
                serde_json::json!({"metaData": {"version": version, "deltaMetadata": metadata}}),
            ],
            Format::Parquet => vec![
                serde_json::json!({"protocol": {"minReaderVersion": 1}}),
                serde_json::json!({"metaData": metadata}),
            ],
        };
        for (at, mut add) in files.into_iter().enumerate() {
            let path = add["path"].as_str().unwrap().to_owned();
            let id =
                format!("{:x}{}", path.len() * 1000 + at, path.rsplit('-').next().unwrap().replace(['.', '%'], ""));
            lines.push(match self.format {
                Format::Delta => {
                    add["path"] = signed(&path).into();
                    let mut vector = serde_json::Value::Null;
                    if add["deletionVector"]["storageType"] == "u" {
                        vector = "dv1".into();
                    }
                    serde_json::json!({"file": {"id": id, "deletionVectorFileId": vector, "expirationTimestamp": ends,
                        "deltaSingleAction": {"add": add}}})
                }
                Format::Parquet => serde_json::json!({"file": {"url": signed(&path), "id": id, "version": version,
                    "partitionValues": add["partitionValues"], "size": add["size"], "stats": add["stats"],
                    "expirationTimestamp": ends}}),
            });
        }
        let text = lines.iter().map(|line| format!("{line}\n")).collect();
        (200, Some(version), text)
    }

    fn profile(&self, endpoint: &Url) -> String {
        format!("{{\"shareCredentialsVersion\":1,\"endpoint\":\"{endpoint}\",\"bearerToken\":\"{TOKEN}\"}}")
    }
}

async fn open(profile: &Server, version: Version) -> Result<Table> {
    let url: TableUrl = format!("{}#one.main.t", profile.url("p/my.share?key=secret")).parse()?;
    let access =
        AccessOptions { headers: [("x-token".to_owned(), "secret".to_owned())].into(), ..AccessOptions::default() };
    Table::open(&url, version, &StorageOptions { access, ..StorageOptions::default() }).await
}

async fn all(table: Table, sql: &str) -> Vec<String> {
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", table).unwrap();
    rows(&session, sql).await
}

#[tokio::test]
async fn both_formats_at_several_versions() {
    for format in [Format::Delta, Format::Parquet] {
        for (path, sql) in [
            ("www/demo/weather", "SELECT * FROM t ORDER BY time"),
            ("www/demo/trade", "SELECT year, count(*), sum(month) FROM t GROUP BY year ORDER BY year"),
        ] {
            let (shared, endpoint) = Shared::start(path, format, 3_600_000);
            let profile = Server::in_memory([("p/my.share", shared.profile(&endpoint))]);
            let newest = shared.log().len() as u64 - 1;
            for version in [Version::Latest, Version::Number(newest), Version::Number(1)] {
                let plain = table(path, version).await;
                let ours = open(&profile, version).await.unwrap();
                assert_eq!(ours.snapshot().version, plain.snapshot().version, "{path}");
                assert_eq!(ours.snapshot().files.len(), plain.snapshot().files.len(), "{path}");
                assert_eq!(all(ours, sql).await, all(plain, sql).await, "{path}");
            }
            // The files' host sees neither the profile's credentials nor those for where the profile was found.
            let clean = |request: &crate::loopback::Request| {
                !format!("{:?} {:?}", request.headers, request.query).contains("secret")
            };
            assert!(!shared.data.requests().is_empty() && shared.data.requests().iter().all(clean));
            let ours = open(&profile, Version::Latest).await.unwrap();
            assert_eq!(ours.versions().await.unwrap().latest(), newest);
            let older = ours.at(Version::Number(1), &Default::default()).await.unwrap();
            assert_eq!((older.snapshot().version, older.definition_at(0).await.is_ok()), (1, true));
            let error = open(&profile, Version::Number(99)).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::VersionNotFound, "{error}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}

#[tokio::test]
async fn files_are_pruned_by_partition() {
    let (shared, endpoint) = Shared::start("www/demo/trade", Format::Delta, 3_600_000);
    let profile = Server::in_memory([("p/my.share", shared.profile(&endpoint))]);
    let ours = open(&profile, Version::Latest).await.unwrap();
    assert_eq!(all(ours, "SELECT count(*) > 0 FROM t WHERE year = 2020 AND country IS NOT NULL").await, ["true"]);
    let paths = shared.data.paths();
    assert!(!paths.is_empty() && paths.iter().all(|path| path.starts_with("year=2020/")), "{paths:?}");
}

#[tokio::test]
async fn urls_are_renewed_before_and_after_they_end() {
    let (shared, endpoint) = Shared::start("www/demo/weather", Format::Delta, 10_000);
    let profile = Server::in_memory([("p/my.share", shared.profile(&endpoint))]);
    let ours = open(&profile, Version::Number(2)).await.unwrap();
    assert_eq!(shared.queries.lock().unwrap().len(), 1);
    // They end within a minute: renewed before the first is used.
    let file = ours.snapshot().files[0].location.clone();
    ours.storage().get(&file).await.unwrap();
    assert_eq!(shared.queries.lock().unwrap().as_slice(), ["{\"version\":2}", "{\"version\":2}"]);
    assert!(shared.data.requests().iter().all(|request| request.query.as_deref() != Some("ticket=1")));

    let (shared, endpoint) = Shared::start("www/demo/weather", Format::Delta, 3_600_000);
    profile.put("p/my.share", shared.profile(&endpoint));
    let ours = open(&profile, Version::Latest).await.unwrap();
    let file = ours.snapshot().files[0].location.clone();
    shared.data.fault_times("*", Fault::Expired, 1);
    ours.storage().get(&file).await.unwrap();
    let tickets: Vec<_> = shared.data.requests().into_iter().map(|request| request.query.unwrap()).collect();
    assert_eq!(tickets, ["ticket=1", "ticket=2"]);
    shared.data.fault("*", Fault::Expired);
    let ours = open(&profile, Version::Latest).await.unwrap();
    let error = ours.storage().get(&ours.snapshot().files[0].location.clone()).await.unwrap_err();
    assert!(matches!(&error, lakeglass::Error::UrlExpired { reason, .. } if reason.contains("clock")), "{error}");
}

#[tokio::test]
async fn what_is_shared_is_listed() {
    let (shared, endpoint) = Shared::start("www/demo/weather", Format::Parquet, 3_600_000);
    let here = Url::parse("http://host/my.share").unwrap();
    let profile = Profile::parse(shared.profile(&endpoint).as_bytes(), &here).unwrap();
    let client = Client::new(profile, &StorageOptions::default());
    assert_eq!(client.shares().await.unwrap(), ["one", "a.two"]);
    assert_eq!(client.schemas("one").await.unwrap(), ["main"]);
    let names: Vec<String> = client.all_tables().await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["one.main.t", "one.main.u.v"]);
    assert_eq!(client.tables("one", "main").await.unwrap().len(), 2);
    assert_eq!(client.schemas("none").await.unwrap_err().code(), ErrorCode::HttpStatus);
}

#[tokio::test]
async fn a_profile_that_does_not_open_says_why() {
    let (shared, endpoint) = Shared::start("www/demo/weather", Format::Parquet, 3_600_000);
    let good = shared.profile(&endpoint);
    let profile = Server::in_memory([("p/my.share", good.clone())]);
    let at = |fragment: &str| format!("{}{fragment}", profile.url("p/my.share")).parse::<TableUrl>().unwrap();
    for (text, fragment, code) in [
        (good.clone(), "", ErrorCode::TableNotFound),
        (good.clone(), "#one.main", ErrorCode::TableNotFound),
        (good.clone(), "#one.main.none", ErrorCode::TableNotFound),
        (good.replace(TOKEN, "other-secret"), "#one.main.t", ErrorCode::PermissionDenied),
        ("{}".into(), "#one.main.t", ErrorCode::TableNotFound),
    ] {
        profile.put("p/my.share", text);
        let error = Table::open(&at(fragment), Version::Latest, &StorageOptions::default()).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
