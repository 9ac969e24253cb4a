//! A sharing server's answer to a query, in either of its formats: Delta's own actions, or the protocol's plainer ones. Pure.

use crate::error::{Error, Result};
use crate::formats::delta::{Add, Metadata, Protocol, action, lines_of};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;
use url::Url;

/// Where a file is, and until when (milliseconds since the Unix epoch).
pub(crate) type Located = (Url, Option<i64>);

/// A version as it was answered.
#[derive(Debug)]
pub(crate) struct Response {
    pub version: Option<u64>,
    pub protocol: Protocol,
    pub metadata: Metadata,
    /// With ids for paths.
    pub files: Vec<Add>,
    /// By id: where it is now.
    pub urls: HashMap<String, Located>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow)]
    protocol: Option<&'a RawValue>,
    #[serde(borrow)]
    meta_data: Option<&'a RawValue>,
    #[serde(borrow)]
    file: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProtocolLine<'a> {
    #[serde(borrow)]
    delta_protocol: Option<&'a RawValue>,
    min_reader_version: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetadataLine<'a> {
    #[serde(borrow)]
    delta_metadata: Option<&'a RawValue>,
    version: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileLine<'a> {
    id: String,
    url: Option<String>,
    deletion_vector_file_id: Option<String>,
    version: Option<u64>,
    expiration_timestamp: Option<i64>,
    #[serde(borrow)]
    delta_single_action: Option<&'a RawValue>,
    #[serde(default)]
    partition_values: HashMap<String, Option<String>>,
    size: Option<i64>,
    stats: Option<Box<str>>,
}

/// Reads the lines; `source` is what errors call them.
pub(crate) fn parse(bytes: &[u8], source: &str) -> Result<Response> {
    let (mut version, mut protocol, mut metadata) = (None, None, None);
    let (mut files, mut urls) = (Vec::new(), HashMap::new());
    for line in lines_of::<Line<'_>>(bytes, source) {
        let (_, line) = line?;
        if let Some(json) = line.protocol {
            protocol = Some(self::protocol(json, source)?);
        }
        if let Some(json) = line.meta_data {
            let (found, at) = self::metadata(json, source)?;
            version = version.max(at);
            metadata = Some(found);
        }
        if let Some(json) = line.file {
            let file: FileLine<'_> = action(json.get(), source)?;
            version = version.max(file.version);
            files.push(self::file(file, &mut urls, source)?);
        }
    }
    let lacks = |what: &str| Error::corrupt(source, format!("the server's answer has no {what}"));
    Ok(Response {
        version,
        protocol: protocol.ok_or_else(|| lacks("protocol"))?,
        metadata: metadata.ok_or_else(|| lacks("metaData"))?,
        files,
        urls,
    })
}

/// What a line says of the table, and of which version.
pub(crate) fn metadata(json: &RawValue, source: &str) -> Result<(Metadata, Option<u64>)> {
    let line: MetadataLine<'_> = action(json.get(), source)?;
    Ok((action(line.delta_metadata.unwrap_or(json).get(), source)?, line.version))
}

/// What a line says that a reader has to understand.
pub(crate) fn protocol(json: &RawValue, source: &str) -> Result<Protocol> {
    let line: ProtocolLine<'_> = action(json.get(), source)?;
    match (line.delta_protocol, line.min_reader_version) {
        (Some(delta), _) => action(delta.get(), source),
        // The plain format's own versions: 1 is all there is, and needs nothing of a reader.
        (None, Some(1)) => {
            Ok(Protocol { min_reader_version: 1, min_writer_version: 1, reader_features: None, writer_features: None })
        }
        (None, other) => {
            let version = other.map_or("none".to_owned(), |version| version.to_string());
            Err(Error::unsupported(format!("sharing protocol {version}"), "version 1 is understood"))
        }
    }
}

/// Whether an id can be a file's name.
fn is_name(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !id.is_empty() && !id.starts_with('.') && id.bytes().all(is_plain)
}

/// The URL of the file `id`.
pub(crate) fn located(id: &str, url: &str, source: &str) -> Result<Url> {
    let corrupt = |reason: &str| Error::corrupt(source, format!("file {id}: {reason}"));
    if !is_name(id) {
        return Err(corrupt("its id is no name"));
    }
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| corrupt("it has no http(s) URL"))
}

/// What the deletion vector of the file `id` is called: another's id must not be this one's.
pub(crate) fn vector_id(id: &str, own: Option<&str>) -> String {
    match own.filter(|own| is_name(own)) {
        Some(own) => format!("{own}.bin"),
        None => format!("{id}.dv.bin"),
    }
}

fn file(line: FileLine<'_>, urls: &mut HashMap<String, Located>, source: &str) -> Result<Add> {
    let corrupt = |reason: &str| Error::corrupt(source, format!("file {}: {reason}", line.id));
    let url = |text: &str| located(&line.id, text, source);
    let Some(single) = line.delta_single_action else {
        let (Some(at), Some(size)) = (&line.url, line.size) else { return Err(corrupt("it has no url, or no size")) };
        urls.insert(line.id.clone(), (url(at)?, line.expiration_timestamp));
        return Ok(Add::shared(line.id.into(), line.partition_values, size, line.stats));
    };
    #[derive(Deserialize)]
    struct Single {
        add: Option<Add>,
    }
    let single: Single = action(single.get(), source)?;
    let mut add = single.add.ok_or_else(|| corrupt("it is not an add"))?;
    urls.insert(line.id.clone(), (url(&add.path)?, line.expiration_timestamp));
    if let Some(vector) = add.deletion_vector.as_mut().filter(|vector| &*vector.storage_type == "p") {
        let id = vector_id(&line.id, line.deletion_vector_file_id.as_deref());
        urls.insert(id.clone(), (url(&vector.path_or_inline_dv)?, line.expiration_timestamp));
        vector.path_or_inline_dv = id.into();
    }
    add.path = line.id.into();
    Ok(add)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"id":"t","format":{"provider":"parquet"},"schemaString":"{}","partitionColumns":["p"]}"#;

    #[test]
    fn the_plain_format() {
        let text = format!(
            "{}\n{{\"metaData\":{METADATA}}}\n{}\n{}\n",
            r#"{"protocol":{"minReaderVersion":1}}"#,
            r#"{"file":{"url":"https://b/x?sig=1","id":"a1","partitionValues":{"p":"1"},"size":7,"stats":"{}","version":4,"expirationTimestamp":9}}"#,
            r#"{"endStreamAction":{"refreshToken":"x"}}"#,
        );
        let response = parse(text.as_bytes(), "t").unwrap();
        assert_eq!((response.version, response.files.len()), (Some(4), 1));
        assert_eq!((&*response.files[0].path, response.files[0].partition_values.get("p")), ("a1", Some("1")));
        assert_eq!(response.urls["a1"], (Url::parse("https://b/x?sig=1").unwrap(), Some(9)));
    }

    #[test]
    fn deltas_own_actions() {
        let text = format!(
            "{}\n{{\"metaData\":{{\"version\":5,\"deltaMetadata\":{METADATA}}}}}\n{}\n",
            r#"{"protocol":{"deltaProtocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"]}}}"#,
            r#"{"file":{"id":"a1","deletionVectorFileId":"d1","expirationTimestamp":9,"deltaSingleAction":{"add":{"path":"https://b/x?sig=1","partitionValues":{},"size":7,"modificationTime":1,"dataChange":false,"deletionVector":{"storageType":"p","pathOrInlineDv":"https://b/d?sig=1","offset":1,"sizeInBytes":34,"cardinality":2}}}}}"#,
        );
        let response = parse(text.as_bytes(), "t").unwrap();
        assert_eq!((response.version, response.protocol.min_reader_version), (Some(5), 3));
        let vector = response.files[0].deletion_vector.as_ref().unwrap();
        assert_eq!((&*response.files[0].path, &*vector.path_or_inline_dv), ("a1", "d1.bin"));
        assert_eq!(response.urls["d1.bin"].0.as_str(), "https://b/d?sig=1");
    }

    #[test]
    fn nonsense_is_refused() {
        let line = |file: &str| {
            format!("{{\"protocol\":{{\"minReaderVersion\":1}}}}\n{{\"metaData\":{METADATA}}}\n{{\"file\":{file}}}\n")
        };
        for text in [
            line(r#"{"id":"../x","url":"https://b/x","size":1}"#),
            line(r#"{"id":"x","url":"file:///etc/passwd","size":1}"#),
            line(r#"{"id":"x","url":"https://b/x"}"#),
            line(r#"{"id":"x","deltaSingleAction":{"remove":{"path":"https://b/x"}}}"#),
            format!("{{\"metaData\":{METADATA}}}\n"),
            "{\"protocol\":{\"minReaderVersion\":1}}\n".into(),
            "<html>".into(),
        ] {
            assert!(matches!(parse(text.as_bytes(), "t"), Err(Error::CorruptTable { .. })), "{text}");
        }
        let newer = line("{}").replace("Version\":1", "Version\":2");
        assert!(matches!(parse(newer.as_bytes(), "t"), Err(Error::UnsupportedFeature { .. })));
    }
}
