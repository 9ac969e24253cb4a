//! OpenStack Swift, whose S3 checks signatures, and moto, whose S3 has every shape of a listing.

use crate::cloud::{check, client, folder, lakeglass, objects, open, refusal, rows, wait};
use lakeglass::Version;
use lakeglass::error::ErrorCode;
use lakeglass::storage::AccessOptions;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use std::time::Duration;
use url::Url;

const HOUR: Duration = Duration::from_secs(3600);

/// The keys that `scripts/servers` starts the servers with.
fn access(endpoint: &str) -> AccessOptions {
    AccessOptions {
        endpoint: Some(Url::parse(endpoint).unwrap()),
        access_key_id: Some("test:tester".into()),
        secret_access_key: Some("testing".into()),
        ..AccessOptions::default()
    }
}

fn bucket(endpoint: &str, name: &str) -> (Bucket, Credentials) {
    let bucket = Bucket::new(Url::parse(endpoint).unwrap(), UrlStyle::Path, name.to_owned(), "us-east-1").unwrap();
    (bucket, Credentials::new("test:tester", "testing"))
}

/// Makes a bucket, and puts these objects into it.
async fn put(endpoint: &str, name: &str, objects: Vec<(String, Vec<u8>)>) {
    let (bucket, credentials) = bucket(endpoint, name);
    let client = client();
    let made =
        client.put(bucket.create_bucket(&credentials).sign(HOUR)).header("content-length", 0).send().await.unwrap();
    assert!(made.status().is_success() || made.status().as_u16() == 409, "{name}: {}", made.text().await.unwrap());
    let send = async |(key, bytes): (String, Vec<u8>)| {
        let url = bucket.put_object(Some(&credentials), &key).sign(HOUR);
        let status = client.put(url).body(bytes).send().await.unwrap().status();
        assert!(status.is_success(), "{key}: {status}");
    };
    use futures::StreamExt;
    futures::stream::iter(objects).for_each_concurrent(8, send).await;
}

fn below(prefix: &str) -> Vec<(String, Vec<u8>)> {
    objects().into_iter().map(|(name, bytes)| (format!("{prefix}{name}"), bytes)).collect()
}

pub fn signed(endpoint: &str) {
    wait(async {
        put(endpoint, "lake", below("some folder/trade/")).await;
        check("s3://lake/some%20folder/trade", &access(endpoint)).await;
        check(&format!("{endpoint}/lake/some%20folder/trade"), &access(endpoint)).await;
        let unlisted = AccessOptions { list: Some(false), ..access(endpoint) };
        check("s3://lake/some%20folder/trade", &unlisted).await;
        let table = open("s3://lake/some%20folder/trade", Version::Latest, &access(endpoint)).await.unwrap();
        let listed = table.storage().list(&"_delta_log".into(), None).await.unwrap().expect("Swift lists");
        let on_disk = std::fs::read_dir(folder("www/demo/trade/_delta_log")).unwrap().count();
        assert_eq!(listed.len(), on_disk);
        let versions = table.versions().await.unwrap();
        assert_eq!(versions.earliest(), 0);
    });
}

pub fn shared(endpoint: &str) {
    wait(put(endpoint, "shares", below("trade/")));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("share.json");
    let out = out.to_str().unwrap();
    let environment =
        [("AWS_ACCESS_KEY_ID", "test:tester"), ("AWS_SECRET_ACCESS_KEY", "testing"), ("AWS_ENDPOINT_URL", endpoint)];
    let arguments = ["share", "s3://shares/trade", "--version", "1", "--version", "9", "--expires", "1h", "--out", out];
    let output = lakeglass(&arguments, &environment);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && stderr.contains("Whoever has it can read these files until"), "{stderr}");
    assert!(!std::fs::read_to_string(out).unwrap().contains("testing\""));
    wait(async {
        let nobody = AccessOptions::default();
        for version in [1, 9] {
            let local = folder_path();
            let expected = open(&local, Version::Number(version), &nobody).await.unwrap();
            let table = open(out, Version::Number(version), &nobody).await.unwrap();
            assert_eq!(rows(table).await.unwrap(), rows(expected).await.unwrap());
        }
    });
    let short = ["share", "s3://shares/trade", "--expires", "1m", "--out", out, "--contact", "ana"];
    assert!(lakeglass(&short, &environment).status.success());
    // The manifest's own words are put off, so that it is the server that refuses.
    let text = std::fs::read_to_string(out).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    manifest["expires"] = serde_json::Value::Null;
    let old = |url: &str| {
        let date = url.find("X-Amz-Date=").unwrap() + "X-Amz-Date=".len();
        format!("{}20200101T000000Z{}", &url[..date], &url[date + 16..])
    };
    let urls = manifest["urls"].as_object_mut().unwrap();
    for url in urls.values_mut() {
        *url = old(url.as_str().unwrap()).into();
    }
    std::fs::write(out, manifest.to_string()).unwrap();
    wait(async {
        let table = open(out, Version::Latest, &AccessOptions::default()).await.unwrap();
        let error = rows(table).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::UrlExpired, "{error}");
        assert!(error.to_string().contains("ask ana") && !error.to_string().contains("Signature"), "{error}");
    });
}

fn folder_path() -> String {
    folder("www/demo/trade").to_str().unwrap().to_owned()
}

pub fn refused(endpoint: &str) {
    wait(async {
        put(endpoint, "private", below("trade/")).await;
        let nobody = AccessOptions { access_key_id: None, secret_access_key: None, ..access(endpoint) };
        // Swift takes a request without a signature for one of its own language, and answers 400.
        assert_eq!(refusal("s3://private/trade", &nobody, &[]).await, ErrorCode::HttpStatus);
        let wrong = AccessOptions { secret_access_key: Some("wrong".into()), ..access(endpoint) };
        assert_eq!(refusal("s3://private/trade", &wrong, &["wrong"]).await, ErrorCode::PermissionDenied);
        let (bucket, credentials) = bucket(endpoint, "private");
        let key = "trade/_delta_log/00000000000000000000.json";
        let signed = |seconds| bucket.get_object(Some(&credentials), key).sign(Duration::from_secs(seconds));
        let client = client();
        let status = async |url: String| client.get(url).send().await.unwrap().status().as_u16();
        assert_eq!(status(signed(60).to_string()).await, 200);
        assert_eq!(status(signed(60).to_string().replace("00000.json", "00001.json")).await, 403, "tampered");
        assert_eq!(refusal("s3://private/nowhere", &access(endpoint), &["testing"]).await, ErrorCode::TableNotFound);
        assert_eq!(refusal("s3://nobucket/trade", &access(endpoint), &["testing"]).await, ErrorCode::TableNotFound);
    });
}

pub fn listings(endpoint: &str) {
    wait(async {
        let mut objects = below("big/");
        // More than a page of a listing: a thousand.
        objects.extend((0..1100).map(|n| (format!("big/_delta_log/zz-{n:05}.tmp"), vec![])));
        put(endpoint, "listings", objects).await;
        check("s3://listings/big", &access(endpoint)).await;
        let table = open("s3://listings/big", Version::Latest, &access(endpoint)).await.unwrap();
        let all = table.storage().list(&"_delta_log".into(), None).await.unwrap().unwrap();
        assert!(all.len() > 1100, "{}", all.len());
        let after = object_store::path::Path::from("_delta_log/zz-01050.tmp");
        let some = table.storage().list(&"_delta_log".into(), Some(&after)).await.unwrap().unwrap();
        assert_eq!(some.len(), 49);
    });
}
