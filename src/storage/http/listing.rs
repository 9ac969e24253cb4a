//! What S3 and Azure answer when they are asked to list a folder, and how they are asked. Pure.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>, which Google speaks too, and
//! <https://learn.microsoft.com/rest/api/storageservices/list-blobs>.

use crate::storage::location::Service;
use crate::storage::location::presign::encode_query;
use chrono::DateTime;
use quick_xml::Reader;
use quick_xml::events::Event;
use url::Url;

/// One page of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::storage) struct Page {
    pub objects: Vec<Listed>,
    /// Where the next one begins; the last has none.
    pub next: Option<String>,
}

/// An object of a listing: its name without the folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::storage) struct Listed {
    pub name: String,
    pub size: u64,
    pub last_modified: Option<i64>,
}

/// Whether a listing of `root` is worth a try. Azure's signature says whether it is for listing.
pub(in crate::storage) fn can_list(service: &Service, root: &Url, has_credentials: bool) -> bool {
    let get = |wanted: &str| root.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
    match service {
        Service::Static => false,
        // A presigned URL is for one object.
        Service::S3 { .. } => !root.query_pairs().any(|(name, _)| {
            name.eq_ignore_ascii_case("x-amz-signature")
                || name.eq_ignore_ascii_case("x-goog-signature")
                || name == "Signature"
        }),
        Service::Azure { .. } => match get("sig") {
            Some(_) => get("sp").is_some_and(|rights| rights.contains('l')) && get("sr").is_none_or(|what| what != "b"),
            None => has_credentials,
        },
    }
}

/// The URL of a page of the listing of `folder`, which has no slash at its end, below `root`; `None` for a host that has no
/// listings.
pub(in crate::storage) fn page_url(
    service: &Service,
    root: &Url,
    folder: &str,
    start_after: Option<&str>,
    next: Option<&str>,
) -> Option<Url> {
    let (mut url, below) = match service {
        Service::Static => return None,
        Service::S3 { bucket, .. } => (bucket.clone(), root.path().strip_prefix(bucket.path()).unwrap_or_default()),
        Service::Azure { container } => {
            (container.clone(), root.path().strip_prefix(container.path()).unwrap_or_default())
        }
    };
    let below = percent_encoding::percent_decode_str(below.trim_matches('/')).decode_utf8_lossy().into_owned();
    let prefix = if below.is_empty() { String::new() } else { format!("{below}/") };
    let mut query: Vec<(&str, String)> = vec![("delimiter", "/".into()), ("prefix", format!("{prefix}{folder}/"))];
    match service {
        Service::Azure { .. } => {
            query.extend([("comp", "list".into()), ("restype", "container".into())]);
            query.extend(next.map(|next| ("marker", next.to_owned())));
        }
        _ => {
            query.push(("list-type", "2".into()));
            query.extend(next.map(|next| ("continuation-token", next.to_owned())));
            query.extend(start_after.map(|name| ("start-after", format!("{prefix}{folder}/{name}"))));
        }
    }
    let own: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encode_query(value))).collect();
    // A token that goes with every object goes with the listing too.
    let query: Vec<&str> = root.query().into_iter().chain(own.iter().map(String::as_str)).collect();
    url.set_query(Some(&query.join("&")));
    Some(url)
}

/// Reads a page; `None` where it is not one.
pub(in crate::storage) fn parse(body: &[u8]) -> Option<Page> {
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let (mut page, mut object) = (Page::default(), None::<Listed>);
    let (mut is_listing, mut truncated) = (false, false);
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                text.clear();
                match tag.local_name().as_ref() {
                    "ListBucketResult" | "EnumerationResults" => is_listing = true,
                    "Contents" | "Blob" => object = Some(Listed::default()),
                    _ => {}
                }
            }
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) => text.push(character(&reference)?),
            Event::CData(part) => text.push_str(&part.xml10_content()),
            Event::End(tag) => {
                match (tag.local_name().as_ref(), object.as_mut()) {
                    ("Key" | "Name", Some(object)) => {
                        object.name = text.rsplit('/').next().unwrap_or_default().to_owned();
                    }
                    ("Size" | "Content-Length", Some(object)) => object.size = text.trim().parse().ok()?,
                    ("LastModified" | "Last-Modified", Some(object)) => object.last_modified = time(&text),
                    ("Contents" | "Blob", Some(_)) => {
                        page.objects.extend(object.take().filter(|object| !object.name.is_empty()));
                    }
                    ("IsTruncated", _) => truncated = text.trim() == "true",
                    ("NextContinuationToken" | "NextMarker", _) => {
                        page.next = Some(std::mem::take(&mut text)).filter(|next| !next.is_empty());
                    }
                    _ => {}
                }
                text.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    // More than this, and no way to it: not a listing to rely on.
    (is_listing && (!truncated || page.next.is_some())).then_some(page)
}

fn character(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character);
    }
    match reference.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

fn time(text: &str) -> Option<i64> {
    let text = text.trim();
    let time = DateTime::parse_from_rfc3339(text).ok().or_else(|| DateTime::parse_from_rfc2822(text).ok())?;
    Some(time.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_page_of_s3() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix>t/_delta_log/</Prefix>
            <NextContinuationToken>1&amp;x==</NextContinuationToken><IsTruncated>true</IsTruncated>
            <Contents><Key>t&#x20;a/_delta_log/00000000000000000000.json</Key><LastModified>2024-05-01T10:00:00.250Z</LastModified>
            <ETag>&quot;e&quot;</ETag><Size>1290</Size><Owner><ID>1</ID></Owner></Contents>
            <Contents><Key>t a/_delta_log/b&lt;.json</Key><Size>0</Size></Contents>
            <CommonPrefixes><Prefix>t a/_delta_log/_sidecars/</Prefix></CommonPrefixes></ListBucketResult>"#;
        let listed = |name: &str, size, last_modified| Listed { name: name.into(), size, last_modified };
        let objects =
            vec![listed("00000000000000000000.json", 1290, Some(1_714_557_600_250)), listed("b<.json", 0, None)];
        assert_eq!(parse(text.as_bytes()), Some(Page { objects, next: Some("1&x==".into()) }));
    }

    #[test]
    fn a_page_of_azure() {
        let text = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"https://a/\" \
            ContainerName=\"c\"><Prefix>t/_delta_log/</Prefix><Delimiter>/</Delimiter><Blobs><Blob>\
            <Name>t/_delta_log/0.json</Name><Properties><Last-Modified>Wed, 01 May 2024 10:00:00 GMT</Last-Modified>\
            <Content-Length>7</Content-Length></Properties></Blob><BlobPrefix><Name>t/_delta_log/_sidecars/</Name>\
            </BlobPrefix></Blobs><NextMarker /></EnumerationResults>";
        let objects = vec![Listed { name: "0.json".into(), size: 7, last_modified: Some(1_714_557_600_000) }];
        assert_eq!(parse(text.as_bytes()), Some(Page { objects, next: None }));
    }

    #[test]
    fn what_is_not_a_page() {
        for text in [
            "",
            "<html><body>hello</body></html>",
            "<ListBucketResult><Contents><Size>x</Size></Contents></ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult></Contents>",
            "<Error><Code>AccessDenied</Code></Error>",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn how_they_are_asked() {
        let s3 = Service::S3 { bucket: url("http://localhost:9000/b/"), region: "us-east-1".into() };
        let asked = page_url(&s3, &url("http://localhost:9000/b/lake/a%20t"), "_delta_log", Some("00000.x"), None);
        let expected = "http://localhost:9000/b/?delimiter=%2F&prefix=lake%2Fa%20t%2F_delta_log%2F&list-type=2\
                        &start-after=lake%2Fa%20t%2F_delta_log%2F00000.x";
        assert_eq!(asked.unwrap().as_str(), expected);
        let azure = Service::Azure { container: url("https://a.blob.core.windows.net/c") };
        let asked =
            page_url(&azure, &url("https://a.blob.core.windows.net/c?sig=1%2F"), "_delta_log", Some("0"), Some("m"));
        let expected = "https://a.blob.core.windows.net/c?sig=1%2F&delimiter=%2F&prefix=_delta_log%2F&comp=list\
                        &restype=container&marker=m";
        assert_eq!(asked.unwrap().as_str(), expected);
        assert_eq!(page_url(&Service::Static, &url("https://host/t"), "_delta_log", None, None), None);
    }

    #[test]
    fn who_may_list() {
        let azure = Service::Azure { container: url("https://a.blob.core.windows.net/c") };
        let can = |query: &str| can_list(&azure, &url(&format!("https://a.blob.core.windows.net/c/t?{query}")), false);
        assert!(can("sp=rl&sr=c&sig=1") && can("sp=rl&srt=sco&sig=1"));
        assert!(!can("sp=r&sr=c&sig=1") && !can("sp=rl&sr=b&sig=1") && !can(""));
        let s3 = Service::S3 { bucket: url("https://b.s3.amazonaws.com/"), region: "us-east-1".into() };
        assert!(can_list(&s3, &url("https://b.s3.amazonaws.com/t"), false));
        assert!(!can_list(&s3, &url("https://b.s3.amazonaws.com/t?X-Amz-Signature=1"), true));
    }
}
