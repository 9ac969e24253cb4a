//! Who serves a table: by its URL, and by what the server says of itself.

use url::Url;

/// A host whose configuration is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    Amazon,
    R2,
    Google,
    Azure,
    GitHubPages,
    CloudflarePages,
    HuggingFace,
    CloudFront,
    Nginx,
    Apache,
    Caddy,
    Python,
    Minio,
    Other,
}

impl Host {
    /// What the texts of fixes call it.
    pub fn name(self) -> &'static str {
        match self {
            Host::Amazon | Host::Minio => "amazon",
            Host::R2 => "r2",
            Host::Google => "google",
            Host::Azure => "azure",
            Host::GitHubPages => "github_pages",
            Host::CloudflarePages => "cloudflare_pages",
            Host::HuggingFace => "hugging_face",
            Host::CloudFront => "cloudfront",
            Host::Nginx => "nginx",
            Host::Apache => "apache",
            Host::Caddy => "caddy",
            Host::Python => "python",
            Host::Other => "other",
        }
    }

    /// By the URL, and by the `Server` header of a reply.
    pub fn of(url: &Url, server: Option<&str>) -> Host {
        let name = url.host_str().unwrap_or_default();
        let server = server.unwrap_or_default().to_ascii_lowercase();
        let ends = |suffix: &str| name.ends_with(suffix);
        match () {
            () if ends(".amazonaws.com") || ends(".amazonaws.com.cn") => Host::Amazon,
            () if ends(".r2.cloudflarestorage.com") || ends(".r2.dev") => Host::R2,
            () if ends("storage.googleapis.com") => Host::Google,
            () if name.contains(".blob.core.") || server.contains("azurite") || server.contains("windows-azure") => {
                Host::Azure
            }
            () if ends(".github.io") || server == "github.com" => Host::GitHubPages,
            () if ends(".pages.dev") => Host::CloudflarePages,
            () if ends("huggingface.co") || ends(".hf.co") => Host::HuggingFace,
            () if ends(".cloudfront.net") => Host::CloudFront,
            () if server.contains("minio") => Host::Minio,
            () if server.contains("amazons3") => Host::Amazon,
            () if server.contains("nginx") || server.contains("openresty") => Host::Nginx,
            () if server.contains("apache") => Host::Apache,
            () if server.contains("caddy") => Host::Caddy,
            () if server.contains("simplehttp") => Host::Python,
            () => Host::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_known_by_their_names_or_by_what_they_say() {
        let of = |url: &str, server| Host::of(&Url::parse(url).unwrap(), server);
        assert_eq!(of("https://b.s3.eu-west-1.amazonaws.com/t", None), Host::Amazon);
        assert_eq!(of("https://me.github.io/t", Some("GitHub.com")), Host::GitHubPages);
        assert_eq!(of("https://a.blob.core.windows.net/c/t", None), Host::Azure);
        assert_eq!(of("https://data.example/t", Some("nginx/1.26.3")), Host::Nginx);
        assert_eq!(of("http://localhost:8000/t", Some("SimpleHTTP/0.6 Python/3.13")), Host::Python);
        assert_eq!(of("https://data.example/t", None), Host::Other);
    }
}
