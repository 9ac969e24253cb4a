//! A commit, or any other file of newline-delimited actions (JSON checkpoints). Pure.
//!
//! Fails closed: a line that is not a JSON object, or an action that lacks a required field, is a corrupt table, named by
//! its line. Unknown actions are skipped, as the specification asks.

use super::actions::{Add, CommitTimes, Line, Metadata, Protocol, Remove, Sidecar, Transaction};
use crate::error::{Error, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The actions of one file, in its order by kind.
#[derive(Debug, Default)]
pub(crate) struct Actions {
    /// File actions, in the order of the file.
    pub(crate) files: Vec<FileAction>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) sidecars: Vec<Sidecar>,
    pub(crate) times: CommitTimes,
}

/// An `add` or a `remove`.
#[derive(Debug)]
pub(crate) enum FileAction {
    Add(Box<Add>),
    Remove(Remove),
}

/// Parses the actions in `bytes`; `path` is what errors call them.
pub(crate) fn parse(bytes: &[u8], path: &str) -> Result<Actions> {
    let mut actions = Actions::default();
    let mut lines = 0_usize;
    for line in lines_of::<Line<'_>>(bytes, path) {
        let (_, line) = line?;
        lines += 1;
        if let Some(add) = line.add {
            actions.files.push(FileAction::Add(Box::new(add)));
        }
        if let Some(remove) = line.remove {
            actions.files.push(FileAction::Remove(remove));
        }
        actions.metadata = line.meta_data.or(actions.metadata);
        actions.protocol = line.protocol.or(actions.protocol);
        actions.sidecars.extend(line.sidecar);
        if let Some(commit_info) = line.commit_info {
            actions.times = CommitTimes::of(commit_info);
        }
    }
    // Every writer writes at least a commitInfo: a file without a line is one that was cut off.
    if lines == 0 {
        return Err(Error::corrupt(path, "the file is empty"));
    }
    Ok(actions)
}

/// The `commitInfo` in `bytes`, if there is one. Lines after it are not looked at.
pub(crate) fn commit_info<'a>(bytes: &'a [u8], path: &'a str) -> Result<Option<&'a RawValue>> {
    for line in lines_of::<Line<'_>>(bytes, path) {
        if let Some(commit_info) = line?.1.commit_info {
            return Ok(Some(commit_info));
        }
    }
    Ok(None)
}

/// The `txn` actions in `bytes`, in their order.
pub(crate) fn transactions(bytes: &[u8], path: &str) -> Result<Vec<Transaction>> {
    #[derive(Deserialize)]
    struct Line {
        txn: Option<Transaction>,
    }
    lines_of::<Line>(bytes, path).filter_map(|line| line.map(|(_, line)| line.txn).transpose()).collect()
}

/// The JSON objects in `bytes`, each with the number of the line that it begins on. As a rule that is one object a line.
pub(crate) fn lines_of<'a, L: Deserialize<'a>>(
    bytes: &'a [u8],
    path: &'a str,
) -> impl Iterator<Item = Result<(usize, L)>> {
    let mut lines = Lines { rest: bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes), number: 1 };
    std::iter::from_fn(move || lines.next()).map(move |(number, parsed)| {
        let parsed = parsed.map(|line| (number, line));
        parsed.map_err(|reason| Error::corrupt(path, format!("line {number}: {reason}")))
    })
}

/// The rest of a file, and the number of its first line.
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Lines<'a> {
    /// The next object, and the line it begins on.
    fn next<L: Deserialize<'a>>(&mut self) -> Option<(usize, Result<L, String>)> {
        let (line, after) = loop {
            let end = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
            let (line, after) = self.rest.split_at_checked(end)?;
            let line = line.trim_ascii();
            if !line.is_empty() {
                break (line, after.get(1..).unwrap_or_default());
            }
            self.rest = after.get(1..)?;
            self.number += 1;
        };
        let begun = self.rest;
        let number = self.number;
        self.rest = after;
        self.number += 1;
        // serde would take an array of the fields for the struct.
        if !line.starts_with(b"{") {
            return Some((number, Err("not an object".into())));
        }
        match serde_json::from_slice(line) {
            Err(error) if error.is_eof() => {
                Some((number, self.spanning(begun, number).ok_or_else(|| error.to_string())))
            }
            parsed => Some((number, parsed.map_err(|error| error.to_string()))),
        }
    }

    /// An object that goes on behind its first line.
    fn spanning<L: Deserialize<'a>>(&mut self, begun: &'a [u8], number: usize) -> Option<L> {
        let mut objects = serde_json::Deserializer::from_slice(begun).into_iter();
        let object = objects.next()?.ok()?;
        let (read, rest) = begun.split_at_checked(objects.byte_offset())?;
        self.rest = rest;
        self.number = number + read.iter().filter(|byte| **byte == b'\n').count();
        Some(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_endings_blank_lines_and_unknown_actions() {
        let text = "\u{feff}{\"commitInfo\":{\"timestamp\":9}}\r\n\r\n{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\r\n\
                    {\"txn\":{\"appId\":\"a\",\"version\":1}}\n{\"domainMetadata\":{}}\n{\"fromTheFuture\":[1,2]}\n\
                    {\"add\":{\"path\":\"a\",\"partitionValues\":{},\"size\":1,\"modificationTime\":2,\"dataChange\":true}}\n\
                    {\"remove\":{\"path\":\"b\",\"dataChange\":true}}\n\n";
        let actions = parse(text.as_bytes(), "0.json").unwrap();
        assert_eq!(actions.times.timestamp, Some(9));
        assert_eq!(actions.protocol.unwrap().min_writer_version, 2);
        assert!(matches!(&actions.files[..], [FileAction::Add(add), FileAction::Remove(remove)]
            if &*add.path == "a" && &*remove.path == "b"));
    }

    #[test]
    fn objects_may_span_lines() {
        let text = b"{\n  \"commitInfo\": {\"timestamp\": 9}\n}\n\n{\"add\":\n{\"path\":\"a\",\"size\":1}} {\"remove\":{\"path\":\"b\"}}\n";
        let actions = parse(text, "0.json").unwrap();
        assert_eq!((actions.times.timestamp, actions.files.len()), (Some(9), 2));
        let numbers: Vec<usize> = lines_of::<Line<'_>>(text, "0.json").map(|line| line.unwrap().0).collect();
        assert_eq!(numbers, [1, 5, 6]);
        let error = parse(b"{\n\"add\":\n{\"path\":\"a\"}}\n", "0.json").unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
    }

    #[test]
    fn a_very_long_line() {
        let path = "x".repeat(4 << 20);
        let text = format!("{{\"remove\":{{\"path\":\"{path}\"}}}}");
        assert_eq!(parse(text.as_bytes(), "0.json").unwrap().files.len(), 1);
    }

    #[test]
    fn broken_lines_are_named() {
        for (text, message) in [
            ("{\"commitInfo\":{}}\n{\"add\":{\"path\":\"a\"", "line 2: EOF"),
            ("{\"commitInfo\":{}}\nnull-and-void", "line 2: not an object"),
            ("{\"add\":{\"path\":\"a\"}}", "line 1: missing field `size`"),
            ("[null,null]", "line 1: not an object"),
            ("\n\n", "the file is empty"),
            ("", "the file is empty"),
        ] {
            let error = parse(text.as_bytes(), "0.json").unwrap_err().to_string();
            assert!(error.starts_with("corrupt table: 0.json: "), "{error}");
            assert!(error.contains(message), "{error} should contain {message}");
        }
        assert!(parse(b"{\"add\":{\"path\":\"\xff\",\"size\":1}}", "0.json").is_err());
    }

    #[test]
    fn commit_info_is_found_where_it_is() {
        let text = b"{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n{\"commitInfo\":{\"a\":1}}\n";
        assert_eq!(commit_info(text, "0.json").unwrap().unwrap().get(), "{\"a\":1}");
        assert!(commit_info(b"{\"txn\":{}}", "0.json").unwrap().is_none());
    }
}
