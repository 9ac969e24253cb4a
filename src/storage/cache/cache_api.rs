//! The browser's Cache API as a [`ByteStore`]: it works in workers and windows, asks nobody, and is there on secure origins.

use super::persistent::ByteStore;
use crate::runtime::event_loop::on_event_loop;
use crate::runtime::idle::idle;
use async_trait::async_trait;
use bytes::Bytes;
use js_sys::{Array, ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, CacheStorage, Request, Response};

/// Our cache among those of the page's origin. Another layout gets another name.
const CACHE: &str = "lakeglass-1";

/// Entries are kept under URLs, which nobody ever asks a host for.
const BASE: &str = "https://lakeglass.invalid/";

/// Entries in the Cache API. Where that is missing or forbidden, nothing is kept.
#[derive(Debug)]
pub struct CacheApi;

#[async_trait]
impl ByteStore for CacheApi {
    async fn names(&self) -> Option<Vec<String>> {
        on_event_loop(async { names().await.ok() }).await.ok().flatten()
    }

    async fn read(&self, name: &str) -> Option<Bytes> {
        let url = url(name);
        on_event_loop(async move { read(&url).await.ok().flatten() }).await.ok().flatten()
    }

    async fn write(&self, name: &str, bytes: Bytes) -> bool {
        let url = url(name);
        on_event_loop(async move { write(&url, &bytes).await.is_ok() }).await.unwrap_or(false)
    }

    async fn remove(&self, name: &str) {
        let url = url(name);
        let _ = on_event_loop(async move { remove(&url).await.is_ok() }).await;
    }

    async fn idle(&self) {
        let _ = on_event_loop(idle()).await;
    }

    async fn clear(&self) {
        let _ = on_event_loop(async { clear().await.is_ok() }).await;
    }
}

fn url(name: &str) -> String {
    format!("{BASE}{name}")
}

fn storage() -> Result<CacheStorage, JsValue> {
    Reflect::get(&js_sys::global(), &"caches".into())?.dyn_into()
}

async fn open() -> Result<Cache, JsValue> {
    JsFuture::from(storage()?.open(CACHE)).await?.dyn_into()
}

async fn names() -> Result<Vec<String>, JsValue> {
    let requests: Array = JsFuture::from(open().await?.keys()).await?.dyn_into()?;
    let name = |request: JsValue| Some(request.dyn_into::<Request>().ok()?.url().strip_prefix(BASE)?.to_owned());
    Ok(requests.iter().filter_map(name).collect())
}

async fn read(url: &str) -> Result<Option<Bytes>, JsValue> {
    let found = JsFuture::from(open().await?.match_with_str(url)).await?;
    if found.is_undefined() {
        return Ok(None);
    }
    let buffer: ArrayBuffer = JsFuture::from(found.dyn_into::<Response>()?.array_buffer()?).await?.dyn_into()?;
    Ok(Some(Uint8Array::new(&buffer).to_vec().into()))
}

async fn write(url: &str, bytes: &Bytes) -> Result<(), JsValue> {
    let body = Uint8Array::from(bytes.as_ref());
    let response = Response::new_with_opt_js_u8_array(Some(&body))?;
    JsFuture::from(open().await?.put_with_str(url, &response)).await?;
    Ok(())
}

async fn remove(url: &str) -> Result<(), JsValue> {
    JsFuture::from(open().await?.delete_with_str(url)).await?;
    Ok(())
}

async fn clear() -> Result<(), JsValue> {
    JsFuture::from(storage()?.delete(CACHE)).await?;
    Ok(())
}
