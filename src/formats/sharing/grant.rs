//! What a sharing server gives out for a table's folder.

use crate::error::{Error, Result};
use crate::storage::{AccessOptions, Storage, StorageOptions};
use serde::Deserialize;
use url::Url;

/// A folder, and what opens it for a while.
pub(crate) struct Grant {
    pub(super) location: Url,
    /// What opens it.
    pub(super) access: AccessOptions,
    /// In milliseconds since the Unix epoch.
    pub(super) ends: Option<i64>,
}

#[derive(Deserialize)]
struct Text {
    credentials: Credentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    location: String,
    aws_temp_credentials: Option<Amazon>,
    azure_user_delegation_sas: Option<Azure>,
    gcp_oauth_token: Option<Google>,
    expiration_time: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Amazon {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Azure {
    sas_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Google {
    oauth_token: String,
}

impl Grant {
    /// Reads a server's answer; `source` is what errors call it.
    pub(crate) fn parse(bytes: &[u8], source: &str) -> Result<Grant> {
        // serde's message could repeat a secret.
        let text: Text = serde_json::from_slice(bytes).map_err(|error| {
            Error::corrupt(source, format!("not credentials for a table's folder (column {})", error.column()))
        })?;
        let Credentials { location, aws_temp_credentials, azure_user_delegation_sas, gcp_oauth_token, expiration_time } =
            text.credentials;
        let location = Url::parse(&location).map_err(|_| Error::corrupt(source, "its location is no URL"))?;
        let mut access = AccessOptions::default();
        if let Some(keys) = aws_temp_credentials {
            access.access_key_id = Some(keys.access_key_id);
            access.secret_access_key = Some(keys.secret_access_key);
            access.session_token = keys.session_token;
        }
        access.sas_token = azure_user_delegation_sas.map(|azure| azure.sas_token);
        access.bearer_token = gcp_oauth_token.map(|google| google.oauth_token);
        Ok(Grant { location, access, ends: expiration_time })
    }

    /// Where the folder's bytes are, for as long as the credentials are good.
    pub(super) fn storage(&self, options: &StorageOptions) -> Result<Storage> {
        let AccessOptions { endpoint, region, style, allowed_origins, .. } = options.access.clone();
        let access = AccessOptions { endpoint, region, style, allowed_origins, ..self.access.clone() };
        Storage::open(&self.location, &StorageOptions { access, ..options.clone() })
    }
}
