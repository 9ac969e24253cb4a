//! A second visit: what the first one fetched of data files comes from a store that outlived it.

use crate::loopback::Server;
use async_trait::async_trait;
use bytes::Bytes;
use futures::TryStreamExt;
use lakeglass::scan::FooterCache;
use lakeglass::storage::{AccessOptions, ByteStore, StorageOptions};
use lakeglass::{Table, TableUrl, Version};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a browser's store would hold.
#[derive(Debug, Default)]
struct Store(Mutex<BTreeMap<String, Bytes>>);

#[async_trait]
impl ByteStore for Store {
    async fn names(&self) -> Option<Vec<String>> {
        Some(self.0.lock().unwrap().keys().cloned().collect())
    }
    async fn read(&self, name: &str) -> Option<Bytes> {
        self.0.lock().unwrap().get(name).cloned()
    }
    async fn write(&self, name: &str, bytes: Bytes) -> bool {
        self.0.lock().unwrap().insert(name.into(), bytes);
        true
    }
    async fn remove(&self, name: &str) {
        self.0.lock().unwrap().remove(name);
    }
    async fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

/// Opens the table at `url` with nothing but `store` kept from before, and reads all of it: how many rows, and the data files
/// asked for.
async fn visit(server: &Server, url: &str, store: &Arc<Store>, headers: Vec<(String, String)>) -> (usize, Vec<String>) {
    let before = server.requests().len();
    let access = AccessOptions { headers: headers.into_iter().collect(), ..AccessOptions::default() };
    let options = StorageOptions { store: Some(store.clone()), access, ..StorageOptions::default() };
    let url: TableUrl = url.parse().unwrap();
    let table = Table::open(&url, Version::Latest, &options).await.unwrap();
    let batches: Vec<_> = table.scan(&FooterCache::default()).stream().try_collect().await.unwrap();
    let data = server.requests().into_iter().skip(before).filter(|request| !request.path.contains("_delta_log"));
    (batches.iter().map(|batch| batch.num_rows()).sum(), data.map(|request| request.path).collect())
}

/// What is being written is written.
async fn settled(store: &Store) -> usize {
    let mut entries = usize::MAX;
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = store.0.lock().unwrap().len();
        if now == entries {
            return now;
        }
        entries = now;
    }
}

#[tokio::test]
async fn a_second_visit_asks_for_no_data() {
    let server = Server::start("tests/fixtures/eight_files/table");
    let (url, store) = (server.url("").to_string(), Arc::new(Store::default()));
    let (rows, asked) = visit(&server, &url, &store, Vec::new()).await;
    assert_eq!(asked.len(), 8);
    assert_eq!(settled(&store).await, 9, "and the log");
    assert_eq!(visit(&server, &url, &store, Vec::new()).await, (rows, Vec::new()));

    // One is damaged, one is lost: those two are asked for again, and the rows stay right.
    {
        let mut entries = store.0.lock().unwrap();
        let data = entries.iter().filter(|(_, bytes)| bytes.starts_with(b"PAR1"));
        let names: Vec<String> = data.take(2).map(|(name, _)| name.clone()).collect();
        entries.insert(names[0].clone(), Bytes::from_static(b"damaged"));
        entries.remove(&names[1]);
    }
    let (again, asked) = visit(&server, &url, &store, Vec::new()).await;
    assert_eq!((again, asked.len()), (rows, 2));
}

/// What a visit asks of the log, by name, in no order, and the version that it finds.
async fn open(server: &Server, store: &Arc<Store>) -> (u64, Vec<String>) {
    let before = server.requests().len();
    let options = StorageOptions { store: Some(store.clone()), ..StorageOptions::default() };
    let url: TableUrl = server.url("").as_str().parse().unwrap();
    let table = Table::open(&url, Version::Latest, &options).await.unwrap();
    settled(store).await;
    let asked = server.requests().into_iter().skip(before).map(|request| request.path.replace("_delta_log/", ""));
    let mut asked: Vec<String> =
        asked.map(|path| path.trim_start_matches('/').replace("00000000000000000", "")).collect();
    asked.sort_unstable();
    (table.snapshot().version, asked)
}

#[tokio::test]
async fn a_second_visit_asks_the_log_only_for_what_is_new() {
    let folder = "tests/fixtures/checkpoint_and_twenty/table/_delta_log";
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let objects = files.map(|path| {
        (format!("_delta_log/{}", path.file_name().unwrap().to_str().unwrap()), std::fs::read(path).unwrap())
    });
    let server = Server::in_memory(objects);
    let commit = |version| format!("_delta_log/{version:020}.json");
    let store = Arc::new(Store::default());
    let (version, asked) = open(&server, &store).await;
    assert!(version == 24 && asked.contains(&"004.checkpoint.parquet".into()) && asked.len() > 22, "{asked:?}");

    // The hint, the newest commit, and what shows that it is the newest one.
    let (version, asked) = open(&server, &store).await;
    assert_eq!((version, asked.join(" ").as_str()), (24, "024.json 025.json 026.json 027.json _last_checkpoint"));

    server.put(&commit(25), "{\"commitInfo\":{\"operation\":\"OPTIMIZE\"}}\n");
    let (version, asked) = open(&server, &store).await;
    assert_eq!(version, 25);
    assert!(
        asked.starts_with(&["024.json", "025.json", "026.json"].map(String::from)) && asked.len() <= 7,
        "{asked:?}"
    );
    let (version, asked) = open(&server, &store).await;
    assert_eq!((version, asked.join(" ").as_str()), (25, "025.json 026.json 027.json 028.json _last_checkpoint"));

    // Another table by the same name, as far as its newest commit tells: nothing that was kept counts.
    server.put(&commit(25), "{\"commitInfo\":{\"operation\":\"WRITE\"}}\n");
    let (version, asked) = open(&server, &store).await;
    assert!(version == 25 && asked.contains(&"004.checkpoint.parquet".into()) && asked.len() > 22, "{asked:?}");
    let (_, asked) = open(&server, &store).await;
    assert_eq!(asked.len(), 5, "{asked:?}");
}

#[tokio::test]
async fn what_took_a_secret_to_read_is_not_kept() {
    let server = Server::start("tests/fixtures/eight_files/table");
    let store = Arc::new(Store::default());
    let signed = format!("{}?sig=secret", server.url(""));
    let authorized = vec![("authorization".to_owned(), "Bearer secret".to_owned())];
    visit(&server, &signed, &store, Vec::new()).await;
    visit(&server, server.url("").as_ref(), &store, authorized).await;
    assert_eq!(settled(&store).await, 0);
}
