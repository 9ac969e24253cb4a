//! What a host has to be told and shown, from the command line and from the environment.

use clap::Args;
use lakeglass::storage::{AccessOptions, StorageOptions};
use lakeglass::{Error, TableUrl};
use serde_json::{Map, Value};
use std::env;
use std::path::PathBuf;

/// Options of a table's host.
#[derive(Args, Clone, Default)]
pub struct Access {
    /// Tells or shows the host something: region, endpoint, style (path or virtual), accessKeyId, secretAccessKey, sessionToken,
    /// account, sasToken, bearerToken, query, header.NAME, allowedOrigins (with commas), list, index. Keys come from the
    /// environment and the profiles of AWS where they are not given, signatures from AZURE_STORAGE_SAS_TOKEN.
    #[arg(long = "option", short = 'o', value_name = "NAME=VALUE", global = true)]
    options: Vec<String>,
}

impl Access {
    /// The options for `url`.
    pub fn storage(&self, url: &TableUrl) -> Result<StorageOptions, Error> {
        let mut access = self.given()?;
        let host = url.as_url().host_str().unwrap_or_default();
        match url.as_url().scheme() {
            "s3" | "s3a" | "s3n" => amazon(&mut access),
            "https" if host.ends_with(".amazonaws.com") && url.as_url().query().is_none() => amazon(&mut access),
            "abfss" | "abfs" | "wasbs" | "wasb" | "az" | "azure" => azure(&mut access),
            "https" if host.contains(".core.windows.net") && url.as_url().query().is_none() => azure(&mut access),
            _ => {}
        }
        Ok(StorageOptions { access, ..StorageOptions::default() })
    }

    fn given(&self) -> Result<AccessOptions, Error> {
        let mut all = Map::new();
        let mut headers = Map::new();
        for option in &self.options {
            let usage = || usage("write NAME=VALUE, such as region=eu-west-1");
            let (name, value) = option.split_once('=').ok_or_else(usage)?;
            match (name, name.strip_prefix("header.")) {
                (_, Some(header)) => drop(headers.insert(header.into(), value.into())),
                ("list" | "index", _) => drop(all.insert(name.into(), Value::Bool(value == "true"))),
                ("allowedOrigins", _) => drop(all.insert(name.into(), value.split(',').collect())),
                _ => drop(all.insert(name.into(), value.into())),
            }
        }
        if !headers.is_empty() {
            all.insert("headers".into(), Value::Object(headers));
        }
        // The message names the option, and could repeat a wrong value: only the option is kept.
        serde_json::from_value(Value::Object(all)).map_err(|error| {
            let text = error.to_string();
            let unknown =
                text.starts_with("unknown field").then(|| text.split(',').next().unwrap_or_default().to_owned());
            usage(&unknown.unwrap_or_else(|| "one of the options has no such value".into()))
        })
    }
}

fn usage(reason: &str) -> Error {
    Error::InvalidSql { message: format!("--option: {reason}") }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Keys of the environment, else those of the profile.
fn amazon(access: &mut AccessOptions) {
    let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".into());
    let credentials = section("AWS_SHARED_CREDENTIALS_FILE", "credentials", &profile);
    let named = if profile == "default" { profile.clone() } else { format!("profile {profile}") };
    let config = section("AWS_CONFIG_FILE", "config", &named);
    let find = |variable_name: &str, key: &str| {
        variable(variable_name).or_else(|| {
            let all = credentials.iter().chain(&config);
            all.filter(|(name, _)| name == key).map(|(_, value)| value.clone()).next()
        })
    };
    if access.access_key_id.is_none() && access.secret_access_key.is_none() {
        access.access_key_id = find("AWS_ACCESS_KEY_ID", "aws_access_key_id");
        access.secret_access_key = find("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key");
        access.session_token = access.session_token.take().or_else(|| find("AWS_SESSION_TOKEN", "aws_session_token"));
    }
    let region = || find("AWS_REGION", "region").or_else(|| variable("AWS_DEFAULT_REGION"));
    access.region = access.region.take().or_else(region);
    let endpoint = || {
        let text = variable("AWS_ENDPOINT_URL_S3").or_else(|| find("AWS_ENDPOINT_URL", "endpoint_url"))?;
        url::Url::parse(&text).ok()
    };
    access.endpoint = access.endpoint.take().or_else(endpoint);
}

fn azure(access: &mut AccessOptions) {
    access.account = access.account.take().or_else(|| variable("AZURE_STORAGE_ACCOUNT"));
    access.sas_token = access.sas_token.take().or_else(|| variable("AZURE_STORAGE_SAS_TOKEN"));
}

/// The settings of a section of one of AWS's files.
fn section(variable_name: &str, file: &str, wanted: &str) -> Vec<(String, String)> {
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".aws").join(file));
    let path = variable(variable_name).map(PathBuf::from).or_else(home);
    let text = path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    parse_section(&text, wanted)
}

fn parse_section(text: &str, wanted: &str) -> Vec<(String, String)> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
            inside = name.trim() == wanted;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| inside && !line.starts_with(['#', ';'])) {
            found.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(options: &[&str]) -> Result<AccessOptions, Error> {
        Access { options: options.iter().map(|text| (*text).to_owned()).collect() }.given()
    }

    #[test]
    fn options_are_those_of_javascript() {
        let access = given(&[
            "endpoint=http://localhost:9000",
            "header.x=a=b",
            "allowedOrigins=https://a,https://b",
            "list=true",
        ]);
        let access = access.unwrap();
        assert_eq!(access.headers.get("x").map(String::as_str), Some("a=b"));
        assert_eq!((access.allowed_origins.len(), access.list), (2, Some(true)));
        for wrong in [&["nothing"][..], &["acessKeyId=secret"], &["style=secret"], &["endpoint=secret"]] {
            let message = given(wrong).unwrap_err().to_string();
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn a_profile_of_aws() {
        let text =
            "# x\n[default]\nregion = a\n[profile work]\n region= eu-west-1 \n#region = b\n[other]\nregion = c\n";
        assert_eq!(parse_section(text, "profile work"), [("region".to_owned(), "eu-west-1".to_owned())]);
        assert_eq!(parse_section(text, "default").len(), 1);
        assert!(parse_section(text, "nobody").is_empty());
    }
}
