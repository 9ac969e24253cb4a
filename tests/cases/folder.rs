//! A folder of cases: its tables, its statements, and what each has to return.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub struct Folder {
    pub name: String,
    pub root: PathBuf,
    /// Names and folders, from `tables.txt`; where that is empty, the tables in the folder by their own names; without it, `t` is
    /// `table/` where there is one.
    pub tables: Vec<(String, PathBuf)>,
    pub statements: Vec<Statement>,
}

pub struct Statement {
    pub id: String,
    pub sql: String,
    pub expected: Expected,
}

pub enum Expected {
    /// Rows without a header, as CSV.
    Rows(String),
    /// An error, with this code where one is named.
    Error(String),
}

/// The folders in `shared` that `chosen` picks (all, if it is empty), in order.
pub fn all(shared: &Path, chosen: &[String]) -> Vec<Folder> {
    let mut roots: Vec<PathBuf> = fs::read_dir(shared).unwrap().map(|entry| entry.unwrap().path()).collect();
    roots.retain(|root| root.join("query.sql").is_file());
    roots.sort();
    roots.into_iter().filter_map(|root| read(root, chosen)).collect()
}

fn read(root: PathBuf, chosen: &[String]) -> Option<Folder> {
    let name = root.file_name()?.to_str()?.to_owned();
    let mut wanted = Vec::new();
    for word in chosen {
        let (folder, id) = word.split_once(':').map_or((word.as_str(), None), |(folder, id)| (folder, Some(id)));
        if name.starts_with(folder) {
            wanted.push(id);
        }
    }
    if wanted.is_empty() && !chosen.is_empty() {
        return None;
    }
    let mut expected: BTreeMap<String, String> = blocks(&text(&root.join("expected.csv"))).into_iter().collect();
    let mut statements = Vec::new();
    for (id, sql) in blocks(&text(&root.join("query.sql"))) {
        let answer = expected.remove(&id).unwrap_or_else(|| panic!("{name}:{id} has no expected rows"));
        if wanted.is_empty() || wanted.iter().any(|only| only.is_none_or(|only| only == id)) {
            statements.push(Statement { sql: sql.trim().to_owned(), expected: expectation(&answer), id });
        }
    }
    Some(Folder { tables: tables(&root), name, root, statements })
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Blocks that begin with `-- id`. What is behind the id in brackets is a remark.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        match (line.strip_prefix("-- "), blocks.last_mut()) {
            (Some(head), _) => {
                blocks.push((head.split_whitespace().next().unwrap_or_default().into(), String::new()));
            }
            (None, Some((_, body))) => body.push_str(line),
            (None, None) => {}
        }
    }
    blocks
}

/// A block ends with an empty line.
fn expectation(block: &str) -> Expected {
    let rows = block.strip_suffix('\n').unwrap_or(block);
    let mut words = rows.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("error"), code, None) => Expected::Error(code.unwrap_or_default().into()),
        _ => Expected::Rows(rows.strip_suffix('\n').unwrap_or(rows).into()),
    }
}

fn tables(root: &Path) -> Vec<(String, PathBuf)> {
    let list = root.join("tables.txt");
    if !list.is_file() {
        let table = root.join("table");
        return if table.is_dir() { vec![("t".into(), table)] } else { Vec::new() };
    }
    let text = text(&list);
    let pairs = text.lines().filter_map(|line| line.trim().split_once('='));
    let listed: Vec<_> = pairs.map(|(name, folder)| (name.to_owned(), root.join(folder))).collect();
    if !listed.is_empty() {
        return listed;
    }
    let mut folders: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("_delta_log").is_dir());
    folders.into_iter().map(|folder| (folder.file_name().unwrap().to_str().unwrap().to_owned(), folder)).collect()
}
