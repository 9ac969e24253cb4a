//! Azurite, Microsoft's own emulator: it checks shared access signatures.

use crate::cloud::{check, client, objects, open, refusal, wait};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use lakeglass::Version;
use lakeglass::error::ErrorCode;
use lakeglass::storage::AccessOptions;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;
use url::Url;

const ACCOUNT: &str = "devstoreaccount1";
/// The emulator's well-known key.
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const VERSION: &str = "2021-08-06";

fn signature(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&BASE64_STANDARD.decode(KEY).unwrap()).unwrap();
    mac.update(text.as_bytes());
    let encoded = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    utf8_percent_encode(&encoded, NON_ALPHANUMERIC).to_string()
}

fn in_hours(hours: i64) -> String {
    let end = DateTime::from_timestamp_millis(lakeglass::storage::now() + hours * 3_600_000).unwrap();
    end.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A signature of a container. <https://learn.microsoft.com/rest/api/storageservices/create-service-sas>
fn of_container(container: &str, rights: &str, hours: i64) -> String {
    let end = in_hours(hours);
    let resource = format!("/blob/{ACCOUNT}/{container}");
    let signed = format!("{rights}\n\n{end}\n{resource}\n\n\n\n{VERSION}\nc\n\n\n\n\n\n\n");
    let end = utf8_percent_encode(&end, NON_ALPHANUMERIC);
    format!("sv={VERSION}&sr=c&sp={rights}&se={end}&sig={}", signature(&signed))
}

fn access(endpoint: &str, sas: &str) -> AccessOptions {
    AccessOptions {
        endpoint: Some(Url::parse(&format!("{endpoint}/{ACCOUNT}")).unwrap()),
        sas_token: Some(sas.to_owned()),
        ..AccessOptions::default()
    }
}

/// Makes a container, and puts the table into it.
async fn put(endpoint: &str, container: &str) {
    let end = in_hours(1);
    // An account's signature, which may make containers. <https://learn.microsoft.com/rest/api/storageservices/create-account-sas>
    let signed = format!("{ACCOUNT}\nrwlc\nb\nsco\n\n{end}\n\n\n{VERSION}\n\n");
    let end = utf8_percent_encode(&end, NON_ALPHANUMERIC);
    let sas = format!("sv={VERSION}&ss=b&srt=sco&sp=rwlc&se={end}&sig={}", signature(&signed));
    let root = format!("{endpoint}/{ACCOUNT}/{container}");
    let client = client();
    let made = client.put(format!("{root}?restype=container&{sas}")).header("content-length", 0).send().await.unwrap();
    assert!(
        made.status().is_success() || made.status().as_u16() == 409,
        "{} {}",
        made.status(),
        made.text().await.unwrap()
    );
    for (name, bytes) in objects() {
        let put = client.put(format!("{root}/lake/trade/{name}?{sas}")).header("x-ms-blob-type", "BlockBlob");
        let status = put.body(bytes).send().await.unwrap().status();
        assert!(status.is_success(), "{name}: {status}");
    }
}

pub fn container(endpoint: &str) {
    wait(async {
        put(endpoint, "lake").await;
        let sas = of_container("lake", "rl", 1);
        let urls = [
            "abfss://lake@devstoreaccount1.dfs.core.windows.net/lake/trade".to_owned(),
            "az://lake/lake/trade".to_owned(),
        ];
        for url in &urls {
            check(url, &access(endpoint, &sas)).await;
        }
        // As it stands in a link: with its signature in the URL.
        check(&format!("{endpoint}/{ACCOUNT}/lake/lake/trade?{sas}"), &AccessOptions::default()).await;
        let table = open(&urls[0], Version::Latest, &access(endpoint, &sas)).await.unwrap();
        let listed =
            table.storage().list(&"_delta_log".into(), None).await.unwrap().expect("the signature is for listing");
        assert!(listed.len() > 10, "{}", listed.len());
    });
}

pub fn refused(endpoint: &str) {
    wait(async {
        put(endpoint, "private").await;
        let url = "az://private/lake/trade";
        let read = of_container("private", "r", 1);
        check(url, &access(endpoint, &read)).await;
        let table = open(url, Version::Latest, &access(endpoint, &read)).await.unwrap();
        assert_eq!(table.storage().list(&"_delta_log".into(), None).await.unwrap(), None);
        let expired = of_container("private", "rl", -1);
        assert_eq!(refusal(url, &access(endpoint, &expired), &["sig="]).await, ErrorCode::UrlExpired);
        let tampered = read.replace("sp=r&", "sp=rl&");
        assert_eq!(refusal(url, &access(endpoint, &tampered), &["sig="]).await, ErrorCode::PermissionDenied);
        let other = of_container("elsewhere", "rl", 1);
        assert_eq!(refusal(url, &access(endpoint, &other), &["sig="]).await, ErrorCode::PermissionDenied);
    });
}
