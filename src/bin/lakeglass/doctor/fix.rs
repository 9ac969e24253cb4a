//! What to write into a host's configuration, ready to be copied.

use super::host::Host;

/// Letting a page read replies at all, ranges and their headers included.
pub fn cors(host: Host, origin: &str, headers: &[String]) -> String {
    let asked = std::iter::once("range").chain(headers.iter().map(String::as_str));
    let list = asked.clone().collect::<Vec<_>>().join(", ");
    let quoted = asked.map(|header| format!("\"{header}\"")).collect::<Vec<_>>().join(", ");
    match host {
        Host::Amazon | Host::Minio => format!(
            "aws s3api put-bucket-cors --bucket BUCKET --cors-configuration '\n\
             {{\"CORSRules\": [{{\"AllowedOrigins\": [\"{origin}\"], \"AllowedMethods\": [\"GET\"],\n  \
             \"AllowedHeaders\": [{quoted}],\n  \
             \"ExposeHeaders\": [\"Content-Range\", \"ETag\"], \"MaxAgeSeconds\": 3600}}]}}'\n\
             (MinIO has one setting for all: mc admin config set ALIAS api cors_allow_origin={origin})"
        ),
        Host::R2 => format!(
            "R2 > the bucket > Settings > CORS policy (name the headers, * is not taken):\n\
             [{{\"AllowedOrigins\": [\"{origin}\"], \"AllowedMethods\": [\"GET\"], \"AllowedHeaders\": [{quoted}],\n  \
             \"ExposeHeaders\": [\"Content-Range\", \"ETag\"], \"MaxAgeSeconds\": 3600}}]"
        ),
        Host::Google => format!(
            "echo '[{{\"origin\": [\"{origin}\"], \"method\": [\"GET\"],\n  \
             \"responseHeader\": [\"Content-Range\", \"ETag\", {quoted}], \"maxAgeSeconds\": 3600}}]' > cors.json\n\
             gcloud storage buckets update gs://BUCKET --cors-file=cors.json"
        ),
        Host::Azure => format!(
            "az storage cors add --services b --account-name ACCOUNT --methods GET OPTIONS --origins '{origin}' \\\n  \
             --allowed-headers '{list},x-ms-*' --exposed-headers 'Content-Range,ETag' --max-age 3600"
        ),
        Host::Nginx => format!(
            "location /TABLE/ {{\n  add_header Access-Control-Allow-Origin \"{origin}\" always;\n  \
             add_header Access-Control-Expose-Headers \"Content-Range, ETag\" always;\n  \
             add_header Access-Control-Allow-Headers \"{list}\" always;\n  \
             if ($request_method = OPTIONS) {{ return 204; }}\n}}"
        ),
        Host::Apache => format!(
            "Header always set Access-Control-Allow-Origin \"{origin}\"\n\
             Header always set Access-Control-Expose-Headers \"Content-Range, ETag\"\n\
             Header always set Access-Control-Allow-Headers \"{list}\"   (mod_headers; in .htaccess or the site)"
        ),
        Host::Caddy => format!(
            "header {{\n  Access-Control-Allow-Origin \"{origin}\"\n  Access-Control-Expose-Headers \"Content-Range, ETag\"\n  \
             Access-Control-Allow-Headers \"{list}\"\n}}"
        ),
        Host::CloudFront => format!(
            "CloudFront > the behaviour > Response headers policy with CORS: origin {origin}, methods GET, headers {list},\n\
             expose Content-Range and ETag; \"Origin override\" on"
        ),
        Host::CloudflarePages => format!(
            "a file named _headers at the site's root:\n/TABLE/*\n  Access-Control-Allow-Origin: {origin}\n  \
             Access-Control-Expose-Headers: Content-Range, ETag"
        ),
        Host::Python => {
            "python -m http.server sends no CORS headers and ignores ranges: serve with nginx, caddy file-server, \
                         or `npx http-server --cors` for a try"
                .into()
        }
        Host::GitHubPages | Host::HuggingFace | Host::Other => format!(
            "let the server send with every reply, errors included:\n\
             Access-Control-Allow-Origin: {origin}\nAccess-Control-Expose-Headers: Content-Range, ETag\n\
             and answer OPTIONS with: Access-Control-Allow-Headers: {list}"
        ),
    }
}

/// CORS headers with errors too.
pub fn cors_on_errors(host: Host, origin: &str) -> String {
    match host {
        Host::Nginx => {
            format!("add_header Access-Control-Allow-Origin \"{origin}\" always;   (\"always\": with errors too)")
        }
        Host::Apache => {
            format!("Header always set Access-Control-Allow-Origin \"{origin}\"   (\"always\": with errors too)")
        }
        host => cors(host, origin, &[]),
    }
}

/// Answering a range with that range.
pub fn range(host: Host) -> &'static str {
    match host {
        Host::Nginx => {
            "max_ranges must not be 0, and no gzip or sub_filter may change the files: gzip off; in their location"
        }
        Host::CloudflarePages => {
            "Cloudflare Pages answers ranges with the whole file: put the table into an R2 bucket with a public domain"
        }
        Host::Python => "python -m http.server knows no ranges: serve with nginx or caddy file-server",
        Host::CloudFront => "let the behaviour's cache policy pass Range on, and turn off compression for it",
        _ => {
            "let the server answer `Range: bytes=0-3` with 206 and Content-Range; a proxy or compression in front of it may be in the way"
        }
    }
}

/// Files as they are.
pub fn uncompressed(host: Host) -> &'static str {
    match host {
        Host::Nginx => {
            "gzip off; brotli off; in the table's location: Parquet is compressed already, and ranges need the file's own bytes"
        }
        Host::Apache => "SetEnvIfNoCase Request_URI \"\\.(parquet|bin|json|crc)$\" no-gzip no-brotli",
        Host::CloudFront => "turn off \"Compress objects automatically\" for the table's behaviour",
        Host::GitHubPages => "GitHub Pages compresses what it takes for text: let data files end in .parquet",
        _ => {
            "turn off compression for the table's files: Parquet is compressed already, and ranges need the file's own bytes"
        }
    }
}

/// `404` for what is not there.
pub fn not_found_page(host: Host) -> &'static str {
    match host {
        Host::Nginx => "try_files $uri =404; in the table's location, in place of the fallback to index.html",
        Host::CloudflarePages => {
            "add a 404.html at the site's root: without one, Pages serves index.html for everything"
        }
        _ => "exclude the table's folder from the rule that answers everything with index.html",
    }
}
