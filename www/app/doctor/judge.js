// What a host's answers mean for this page: the same findings, by the same codes, as `lakeglass doctor` has, as far as a page gets to see
// them. The fixes are in fixes.json, which the command line reads too. Pure.

import { codeOf, messageOf } from "../shell/errors.js";
import { status } from "./probe.js";

/** @typedef {import('./probe.js').Seen} Seen */
/** @typedef {Record<string, Record<string, string>>} Fixes */
/** @typedef {{ severity: 'ok' | 'note' | 'fault', code: string, message: string, fix?: string }} Finding */

/** Who serves a table, by its URL alone: what a server calls itself, CORS hides. @param {URL} url @returns {string} */
export function hostOf({ hostname }) {
  const known = /** @type {[RegExp, string][]} */ ([
    [/\.amazonaws\.com(\.cn)?$/, "amazon"],
    [/\.r2\.(cloudflarestorage\.com|dev)$/, "r2"],
    [/storage\.googleapis\.com$/, "google"],
    [/\.blob\.core\./, "azure"],
    [/\.github\.io$/, "github_pages"],
    [/\.pages\.dev$/, "cloudflare_pages"],
    [/(huggingface\.co|\.hf\.co)$/, "hugging_face"],
    [/\.cloudfront\.net$/, "cloudfront"],
  ]);
  return known.find(([pattern]) => pattern.test(hostname))?.[1] ?? "other";
}

/** @param {Seen} seen @param {Fixes} fixes @returns {Finding[]} */
export function judge(seen, fixes) {
  const host = hostOf(seen.url);
  const asked = ["range", ...seen.headers];
  /** @param {string} what */
  const fix = (what) =>
    (fixes[what]?.[host] ?? fixes[what]?.other ?? "")
      .replaceAll("{origin}", seen.origin)
      .replaceAll("{list}", asked.join(", "))
      .replaceAll("{quoted}", asked.map((name) => `"${name}"`).join(", "));
  /** @param {string} code @param {string} message @param {string} [text] @returns {Finding} */
  const fault = (code, message, text = fix(code)) => ({ severity: "fault", code, message, fix: text });
  /** @param {string} code @param {string} message @param {string} [text] @returns {Finding} */
  const note = (code, message, text) => ({ severity: "note", code, message, fix: text });
  /** @param {string} code @param {string} message @returns {Finding} */
  const ok = (code, message) => ({ severity: "ok", code, message });

  const { log, range, missing, whole, bare, head } = seen;
  const local = /^(localhost|127\.0\.0\.1|\[::1\])$|\.localhost$/.test(seen.url.hostname);
  if (seen.origin.startsWith("https:") && seen.url.protocol === "http:" && !local) {
    return [fault("mixed_content", "the page is loaded over https, the table over http: browsers block that")];
  }
  if ("redirected" in log) {
    return [
      fault(
        "redirected",
        "the host redirects: what was given to open the table is not sent along",
        "give the URL that the host redirects to, or one without secrets",
      ),
    ];
  }
  if ("blocked" in log) {
    if (!log.alive) return [fault("unreachable", "the host does not answer")];
    if (bare && "status" in bare)
      return [
        fault(
          "preflight_refused",
          `the preflight does not allow the header ${seen.headers.join(", ")}: browsers send nothing`,
          fix("cors"),
        ),
      ];
    return [fault("cors_missing", `replies do not let a page from ${seen.origin} read them`, fix("cors"))];
  }
  const findings = [existence(seen, fault, ok)];
  if (log.movedTo)
    findings.push(
      note(
        "redirected",
        `the host redirects to ${log.movedTo}: that one needs the CORS headers too, and is sent no credentials`,
        `giving the URL at ${log.movedTo} itself saves a round trip for each request`,
      ),
    );
  findings.push(ok("cors", `replies let a page from ${seen.origin} read them`));
  if (seen.table) findings.push(...ranges(range, whole, seen, { fix, fault, note, ok }));
  if ("blocked" in missing && missing.alive)
    findings.push(
      note(
        "cors_missing_on_errors",
        "the reply for what is not there has no CORS header: each look for a newer version costs a page two more requests",
        fixes.cors_on_errors?.[host]?.replaceAll("{origin}", seen.origin) ?? fix("cors"),
      ),
    );
  else if (status(missing) === 404 || status(missing) === 410) findings.push(ok("absence", "what is not there answers 404"));
  else if (status(missing) === 403)
    findings.push(
      note(
        "absence_denied",
        "what is not there answers 403, as S3 does where listing is denied: it reads, but a wrong path looks like a wrong key",
        "allow s3:ListBucket on the prefix to have 404",
      ),
    );
  else if (status(missing) === 200)
    findings.push(
      fault(
        "missing_answers_page",
        "what is not there answers 200, with a page: newer versions cannot be told from no version at once",
        fix("not_found_page"),
      ),
    );
  findings.push(ok("rights", `HEAD is ${status(head) === 200 ? "" : "not "}allowed (it is not needed)`));
  const end = endOf(seen.url);
  if (end !== null)
    findings.push(
      end > Date.now()
        ? note("expiry", `what the URL is signed with is good until ${new Date(end).toISOString()}`)
        : note("expiry", `what the URL is signed with was good until ${new Date(end).toISOString()}`, fix("url_expired")),
    );
  return findings;
}

/** When a signed URL ends, by what is in its query; null where that does not tell. @param {URL} url */
export function endOf({ searchParams }) {
  const [began, seconds] = [
    searchParams.get("X-Amz-Date") ?? searchParams.get("X-Goog-Date"),
    searchParams.get("X-Amz-Expires") ?? searchParams.get("X-Goog-Expires"),
  ];
  const iso = began?.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const ends = [
    iso && seconds ? Date.parse(iso) + Number(seconds) * 1000 : NaN,
    Date.parse(searchParams.get("se") ?? ""),
    Number(searchParams.get("Expires") ?? NaN) * 1000,
  ];
  return ends.find((end) => Number.isFinite(end)) ?? null;
}

/** How this page's own module came. @param {Fixes} fixes @param {PerformanceResourceTiming | undefined} timing @returns {Finding[]} */
export function judgeModule(fixes, timing) {
  if (!timing?.decodedBodySize) return [];
  const { encodedBodySize, decodedBodySize } = timing;
  if (encodedBodySize < decodedBodySize)
    return [{ severity: "ok", code: "module_compressed", message: "this page’s own module comes compressed" }];
  return [
    {
      severity: "note",
      code: "module_uncompressed",
      message: `this page’s own module comes uncompressed: ${Math.round(decodedBodySize / 1e6)} MB`,
      fix: fixes.module_uncompressed?.other,
    },
  ];
}

/** @param {Seen} seen @param {(code: string, message: string) => Finding} fault @param {(code: string, message: string) => Finding} ok */
function existence({ table, error, url, log }, fault, ok) {
  if (table) return ok("table", `the table opens, at version ${table.version}`);
  const code = codeOf(error);
  if (code === "table_not_found" && url.pathname.includes("/_delta_log/_delta_log/"))
    return fault("url_of_the_log", "the URL is that of the log, not of the table");
  if (code === "table_not_found" && hostOf(url) === "github_pages" && status(log) === 404)
    return {
      ...fault(
        "table_not_found",
        "the log is not there: GitHub Pages drops folders that begin with _ unless a file .nojekyll is at the site’s root",
      ),
      code: "nojekyll",
    };
  if (["url_expired", "permission_denied", "table_not_found"].includes(code)) return fault(code, messageOf(error));
  return { ...fault("unreadable", messageOf(error)), fix: "see the message" };
}

/**
 * @param {Seen['range']} range @param {Seen['whole']} whole @param {Seen} seen
 * @param {{ fix: (what: string) => string, fault: (code: string, message: string, fix?: string) => Finding, note: (code: string, message: string, fix?: string) => Finding, ok: (code: string, message: string) => Finding }} make
 * @returns {Finding[]}
 */
function ranges(range, whole, { isData }, { fix, fault, note, ok }) {
  if ("redirected" in range)
    return [
      fault(
        "redirected",
        "the host redirects for data files: what was given to open the table is not sent along",
        "give the URL that the host redirects to",
      ),
    ];
  if ("blocked" in range) {
    if (whole && status(whole) === 200)
      return [
        fault(
          "compressed",
          "data files come compressed, asked or not: ranges of them are not the file’s bytes, and the browser refuses them",
          fix("uncompressed"),
        ),
      ];
    return [fault("data_unreachable", "the log is there, a data file does not come", fix("cors"))];
  }
  const begins = !isData || new TextDecoder().decode(range.body.slice(0, 4)) === "PAR1";
  const told = range.headers.get("content-range");
  switch (range.status) {
    case 206:
      break;
    case 200:
      return [
        fault(
          "range_ignored",
          "the host ignores Range and sends whole files: a query reads all of a file where a few columns would do",
          fix("range"),
        ),
      ];
    case 401:
    case 403:
      return [fault("data_denied", `the log can be read, a data file answers ${range.status}`)];
    default:
      return [fault("data_missing", `the log can be read, a data file answers ${range.status}`)];
  }
  if (!begins || (told && !told.startsWith("bytes 0-3/")))
    return [
      fault(
        "range_wrong",
        `asked for the first four bytes, the host answers 206 with others (${told ?? "no Content-Range"})`,
        fix("range"),
      ),
    ];
  const findings = [ok("range", "a range is answered with that range")];
  if (!told)
    findings.push(
      note(
        "content_range_hidden",
        "Content-Range is not exposed: sizes come from the log alone, which is enough for Delta tables",
        fix("cors"),
      ),
    );
  return findings;
}
