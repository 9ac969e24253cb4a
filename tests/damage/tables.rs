//! Tables as objects in memory, and everything that a reader does with one.

use futures::StreamExt;
use lakeglass::error::Result;
use lakeglass::formats::delta;
use lakeglass::scan::{FooterCache, Pruner, prune_files};
use lakeglass::snapshot::ContainerStatistics;
use lakeglass::storage::{Meter, Storage};
use lakeglass::table::{Table, Version};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Names and bytes.
pub type Objects = BTreeMap<String, Vec<u8>>;

/// More rows than any table here has.
const MOST_ROWS: usize = 20_000;

/// All files below a folder.
pub fn load(folder: &Path) -> Objects {
    let mut objects = Objects::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                    drop(objects.insert(name, std::fs::read(&path).unwrap()));
                }
            }
        }
    }
    objects
}

/// Asks for the bounds of every column, and keeps everything.
#[derive(Debug)]
struct Everything(Vec<usize>);

impl Pruner for Everything {
    fn columns(&self) -> &[usize] {
        &self.0
    }

    fn keep(&self, statistics: &ContainerStatistics) -> Result<Vec<bool>> {
        Ok(vec![true; statistics.containers])
    }
}

/// Opens the table, looks at its history, decodes all statistics and reads its rows: how many there are.
pub async fn read(objects: &Objects) -> Result<usize> {
    let store = InMemory::new();
    for (name, bytes) in objects {
        let path = ObjectPath::parse(name).unwrap();
        store.put(&path, bytes.clone().into()).await.unwrap();
    }
    let storage = Storage::from_store(Arc::new(store), ObjectPath::default(), "memory:///table/");
    let history = delta::history(&storage, None, Some(5)).await;
    let table = Table::open_in(storage, Version::Latest, &Meter::default()).await?;
    let everything: Arc<dyn Pruner> =
        Arc::new(Everything((0..table.snapshot().schema.logical.fields().len()).collect()));
    let files = (0..table.snapshot().files.len()).collect();
    let (kept, _) =
        prune_files(table.snapshot(), &table.statistics(), files, std::slice::from_ref(&everything)).await?;
    let scan = table.scan(&FooterCache::default()).with_files(kept).with_limit(Some(MOST_ROWS)).with_pruner(everything);
    let mut stream = scan.stream();
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        rows += batch?.num_rows();
    }
    history.map(|_| rows)
}

/// Notes in the log that the data file `name` is as long as it is.
pub fn note_size(objects: &mut Objects, name: &str) {
    let size = objects[name].len();
    for (_, bytes) in objects.iter_mut().filter(|(log, _)| log.ends_with(".json")) {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let lines = text.lines().map(|line| {
            let mut action: serde_json::Value = serde_json::from_str(line).unwrap();
            let path = action["add"]["path"]
                .as_str()
                .map(|path| percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned());
            if path.as_deref() == Some(name) {
                action["add"]["size"] = size.into();
            }
            format!("{action}\n")
        });
        *bytes = lines.collect::<String>().into_bytes();
    }
}
